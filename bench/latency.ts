import { sql } from '../src/db/sql.ts';
import { type Figure, percentile } from './figure.ts';
import { numberOption } from './options.ts';
import { type PushWorld, protocols, sendToEverybody, startPushWorld, untilAccepted } from './push-world.ts';
import { pause } from './waiting.ts';

const SENDS = 1_000;
const PER_SECOND = 40;
/** Messages of the broadcast before the first of ours: by then its windows are open and its rounds are full. */
const UNDER_WAY = 20_000;
const BAR_MS = 100;

/**
 * How long a push to one named person takes from its acceptance until its answer is written down, alone and while a
 * broadcast goes out through the same app of the same server.
 */
export async function benchLatency(): Promise<Figure[]> {
  const people = numberOption('people', 1_000_000);
  const world = await startPushWorld('apns', people);
  try {
    await world.simulator.setFaults({ latency: numberOption('latency', 20) });
    await sendToSome(world, 100); // warm
    const alone = await sendToSome(world, SENDS);
    const { accepted } = await world.simulator.counts();
    await sendToEverybody(world, 'apns');
    await untilAccepted(world, accepted + UNDER_WAY);
    const beside = await sendToSome(world, SENDS);
    const { accepted: sofar } = await world.simulator.counts();
    const isOver = sofar >= people;
    return figuresOf(people, { alone, beside, isOver });
  } finally {
    await world.stop();
  }
}

function figuresOf(people: number, of: { alone: number[]; beside: number[]; isOver: boolean }): Figure[] {
  const said = (latencies: number[]) =>
    [0.5, 0.95, 0.99, 1].map((share) => `${percentile(latencies, share).toFixed(0)}`).join(' / ');
  const p99 = percentile(of.beside, 0.99);
  return [
    {
      what: `push to one person, accepted until its answer is written down, ${PER_SECOND}/s, apns: p50 / p95 / p99 / most`,
      value: `${said(of.alone)} ms`,
      bar: '—',
      holds: true,
    },
    {
      what: `the same while a broadcast to ${people.toLocaleString('en-US')} people goes out through the same app`,
      value: `${said(of.beside)} ms${of.isOver ? ' (the broadcast ended before)' : ''}`,
      bar: `p99 ${BAR_MS} ms`,
      holds: p99 <= BAR_MS && !of.isOver,
    },
  ];
}

/** One after the other, evenly; their latencies in milliseconds, of the server's own clock. */
async function sendToSome({ server, db, people }: PushWorld, count: number): Promise<number[]> {
  const { channel, message } = protocols.apns;
  const start = performance.now();
  const sending: Promise<{ dispatch_id: string }>[] = [];
  for (let sent = 0; sent < count; sent += 1) {
    const name = `p${1 + ((sent * 7_919) % people)}`;
    sending.push(server.post('/messages/send', { external_user_ids: [name], messages: { [channel]: message } }));
    await pause(Math.max(0, start + ((sent + 1) / PER_SECOND) * 1_000 - performance.now()));
  }
  const ids = (await Promise.all(sending)).map(({ dispatch_id }) => dispatch_id);
  for (;;) {
    const rows = await db.query<{ status: string; ms: number }>(sql`
      select s.status, extract(epoch from s.updated_at - d.accepted_at)::float8 * 1000 as ms
        from dispatches d
        join sends s on s.dispatch_id = d.id
       where d.id = any(${ids}::uuid[])`);
    if (rows.length === count && rows.every(({ status }) => status === 'sent')) return rows.map(({ ms }) => ms);
    await pause(250);
  }
}
