import { createHash } from 'node:crypto';
import { pause } from '../rig/waiting.ts';
import { sql } from '../src/db/sql.ts';
import { type Figure, percentile } from './figure.ts';
import { numberOption } from './options.ts';
import { type PushWorld, protocols, sendToEverybody, startPushWorld, untilAccepted } from './push-world.ts';

const WARMING = 100;
const SENDS = 1_000;
const PER_SECOND = 40;
/** Messages of the broadcast before our first one. By then its windows are open and its rounds are full. */
const UNDER_WAY = 20_000;
const BAR_MS = 100;

/** Times since acceptance, in milliseconds. All parts share one machine and so one clock. */
interface Latency {
  /** Time until the provider had the whole request. */
  arrived: number;
  /** Time until the provider's (delayed) answer was recorded. */
  written: number;
}

/**
 * Measures the time from the acceptance of a push to one named person until the provider has it: alone, and while a broadcast
 * goes out through the same app of the same server.
 */
export async function benchLatency(): Promise<Figure[]> {
  const people = numberOption('people', 1_000_000);
  const world = await startPushWorld('apns', people);
  try {
    await world.simulator.setFaults({ latency: numberOption('latency', 20) });
    const named = await setApart(world, WARMING + 2 * SENDS);
    await sendToEach(world, named.splice(0, WARMING));
    const alone = await sendToEach(world, named.splice(0, SENDS));
    const { accepted } = await world.simulator.counts();
    await sendToEverybody(world, 'apns');
    await untilAccepted(world, accepted + UNDER_WAY);
    const beside = await sendToEach(world, named);
    const { accepted: sofar } = await world.simulator.counts();
    const isOver = sofar >= people; // the people that the broadcast skips get our messages instead
    return figuresOf(people, { alone, beside, isOver });
  } finally {
    await world.stop();
  }
}

function figuresOf(people: number, of: { alone: Latency[]; beside: Latency[]; isOver: boolean }): Figure[] {
  const percentiles = (latencies: Latency[], which: keyof Latency) => {
    const values = latencies.map((one) => one[which]);
    return `${[0.5, 0.95, 0.99, 1].map((share) => percentile(values, share).toFixed(0)).join(' / ')} ms`;
  };
  const p99 = percentile(
    of.beside.map(({ arrived }) => arrived),
    0.99,
  );
  const besideIt = `while a broadcast to ${people.toLocaleString('en-US')} people goes out through the same app`;
  return [
    {
      what: `push to one person, accepted until the provider has it, ${PER_SECOND}/s, apns: p50 / p95 / p99 / most`,
      value: percentiles(of.alone, 'arrived'),
      bar: '—',
      holds: true,
    },
    {
      what: `the same ${besideIt}`,
      value: `${percentiles(of.beside, 'arrived')}${of.isOver ? ' (the broadcast ended before)' : ''}`,
      bar: `p99 ${BAR_MS} ms`,
      holds: p99 <= BAR_MS && !of.isOver,
    },
    {
      what: 'accepted until its answer is written down',
      value: percentiles(of.alone, 'written'),
      bar: '—',
      holds: true,
    },
    { what: `the same ${besideIt}`, value: percentiles(of.beside, 'written'), bar: '—', holds: true },
  ];
}

/** Names of people that the broadcast skips, so that each of their devices gets only our message. */
async function setApart({ db, people }: PushWorld, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `p${1 + ((index * 7_919) % people)}`);
  if (new Set(names).size < count) throw new Error(`--people ${people}: too few to set ${count} apart`);
  await db.run(sql`update profiles set push_state = 'unsubscribed' where external_id = any(${names}::text[])`);
  // The work that filling the tables has left must not be measured.
  await db.run(sql`vacuum (analyze)`);
  await db.run(sql`checkpoint`);
  return names;
}

/** Sends to each person at an even rate, without waiting for earlier messages. */
async function sendToEach({ server, db, simulator }: PushWorld, names: readonly string[]): Promise<Latency[]> {
  const { channel, message } = protocols.apns;
  const start = performance.now();
  const sending: Promise<{ dispatch_id: string }>[] = [];
  for (const [index, name] of names.entries()) {
    sending.push(
      server.post('/messages/send', {
        external_user_ids: [name],
        recipient_subscription_state: 'all',
        messages: { [channel]: message },
      }),
    );
    await pause(Math.max(0, start + ((index + 1) / PER_SECOND) * 1_000 - performance.now()));
  }
  const ids = (await Promise.all(sending)).map(({ dispatch_id }) => dispatch_id);
  const latencies: Latency[] = [];
  for (const { name, acceptedAt, writtenAt } of await untilWritten(db, ids)) {
    const target = await simulator.target(createHash('sha256').update(name).digest('hex'));
    if (target?.accepted !== 1) throw new Error(`${name} has ${target?.accepted ?? 0} messages`);
    latencies.push({
      arrived: target.acceptedAt.getTime() - acceptedAt.getTime(),
      written: writtenAt.getTime() - acceptedAt.getTime(),
    });
  }
  return latencies;
}

async function untilWritten(db: PushWorld['db'], ids: readonly string[]) {
  for (;;) {
    const rows = await db.query<{ status: string; name: string; acceptedAt: Date; writtenAt: Date }>(sql`
      select s.status, p.external_id as name, d.accepted_at as "acceptedAt", s.updated_at as "writtenAt"
        from dispatches d
        join sends s on s.dispatch_id = d.id
        join profiles p on p.bucket = s.bucket and p.user_id = s.user_id
       where d.id = any(${ids}::uuid[])`);
    if (rows.length === ids.length && rows.every(({ status }) => status === 'sent')) return rows;
    await pause(250);
  }
}
