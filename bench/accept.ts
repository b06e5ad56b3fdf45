import { startBareServer } from './bare-server.ts';
import { type Figure, median, percentile } from './figure.ts';
import { type Alike, type Load, load } from './load.ts';
import { APP, givenPeople, KEY, startBenchServer } from './server.ts';

const ROUNDS = 5;
const ROUND_MS = 2_000;
const OFFERED = 1_000;
const workspace = `apps: [{ id: ${APP}, name: iOS, platform: ios }]
rate_limits: { default: 100000000 }
campaigns:
  - id: hello
    name: Hello
    kind: api_triggered
    messages: { email: { app_id: ${APP}, from: a@acme.test, subject: "Hi {{\${first_name}}}", body: "<p>Hello {{\${first_name}}}</p>" } }
`;

/** One of several servers that are loaded in turn, so that other work on the machine affects all of them alike. */
interface Contender {
  /** `body`: in the place of the others' body. */
  target: Pick<Load, 'url'> & Pick<Alike, 'path'> & Partial<Pick<Alike, 'body'>>;
  /** Latency of every request, in milliseconds, while 1,000 a second are offered. */
  steady: number[];
  /** Answers a second of each round at full speed. */
  most: number[];
}

/** Measures how fast sends to one person are checked and stored, against a bare Fastify that only writes a row a request. */
export async function benchAccept(): Promise<Figure[]> {
  // This process has no worker, so that only accepting is measured, as on a machine with the role `api`.
  const apart = await startBenchServer(workspace, { CRESSET_ROLES: 'api' });
  const bare = await startBareServer('bare-accept.ts');
  const ours = contender(apart.url, '/messages/send');
  const inserted = contender(bare.url, '/inserted');
  const grouped = contender(bare.url, '/grouped');
  await compare([ours, inserted, grouped], requests(await givenPeople(apart, 750)));
  await apart.stop();
  await bare.stop();
  const triggered = await benchTriggers();
  const together = await mostBesideWorker();
  const p50 = percentile(ours.steady, 0.5);
  const p99 = percentile(ours.steady, 0.99);
  const most = median(ours.most);
  const beside = (share: number) =>
    `bare: ${percentile(inserted.steady, share).toFixed(1)} ms; bare, grouped: ${percentile(grouped.steady, share).toFixed(1)} ms`;
  return [
    {
      what: 'accept, durable, 1,000/s offered: p50',
      value: `${p50.toFixed(1)} ms (${beside(0.5)})`,
      bar: '3 ms',
      holds: p50 <= 3,
    },
    { what: 'the same: p99', value: `${p99.toFixed(1)} ms (${beside(0.99)})`, bar: '15 ms', holds: p99 <= 15 },
    { what: 'accept, most, 50 connections', value: `${Math.round(most)}/s`, bar: '5,000/s', holds: most >= 5_000 },
    {
      what: 'the same, while the worker of the same process sends them (to the sandbox)',
      value: `${Math.round(together)}/s`,
      bar: '—',
      holds: true,
    },
    triggered,
    ratio('the same, against bare Fastify with one durable insert a request', ours, inserted),
    ratio('the same, against bare Fastify whose inserts share commits: the ceiling', ours, grouped),
  ];
}

/** A server with a worker, as `cresset serve` runs by default. It runs last, because it still sends after its rounds. */
async function mostBesideWorker(): Promise<number> {
  const server = await startBenchServer(workspace);
  const ours = contender(server.url, '/messages/send');
  await compare([ours], requests(await givenPeople(server, 750)));
  await server.stop();
  return median(ours.most);
}

/** Triggers of a campaign with the same message, with properties for each person, beside `/messages/send`. */
export async function benchTriggers(rounds = ROUNDS): Promise<Figure> {
  const server = await startBenchServer(workspace, { CRESSET_ROLES: 'api' });
  const names = await givenPeople(server, 750);
  const direct = contender(server.url, '/messages/send');
  let next = 0;
  const triggered = contender(server.url, '/campaigns/trigger/send', () =>
    JSON.stringify({
      campaign_id: 'hello',
      trigger_properties: { order: 7, items: ['a', 'b'] },
      recipients: [{ external_user_id: names[next++ % names.length], trigger_properties: { order: 8 } }],
    }),
  );
  await compare([triggered, direct], requests(names), rounds);
  await server.stop();
  const share = median(triggered.most.map((perSecond, round) => perSecond / (direct.most[round] ?? Number.NaN)));
  return {
    what: 'triggers of a campaign against `/messages/send`, most, 50 connections',
    value: `${share.toFixed(2)} (${Math.round(median(triggered.most))}/s)`,
    bar: '0.8',
    holds: share >= 0.8,
  };
}

function contender(url: string, path: string, body?: Alike['body']): Contender {
  return { target: { url, path, ...(body && { body }) }, steady: [], most: [] };
}

async function compare(
  contenders: Contender[],
  request: Pick<Alike, 'headers' | 'body'>,
  rounds = ROUNDS,
): Promise<void> {
  const run = ({ target }: Contender, options: Pick<Load, 'forMs' | 'offered'>) =>
    load({ ...request, ...target, connections: 50, ...options });
  for (const one of contenders) await run(one, { forMs: ROUND_MS }); // warm
  for (let round = 0; round < rounds; round += 1) {
    for (const one of contenders) {
      one.steady.push(...(await run(one, { forMs: ROUND_MS, offered: OFFERED })).latencies);
      one.most.push((await run(one, { forMs: ROUND_MS })).perSecond);
    }
  }
}

/** Ratio of throughputs: the median over rounds that ran one after the other. */
function ratio(what: string, one: Contender, other: Contender): Figure {
  const ratios = one.most.map((perSecond, round) => perSecond / (other.most[round] ?? Number.NaN));
  const value = `${median(ratios).toFixed(2)} (bare: ${Math.round(median(other.most))}/s)`;
  return { what, value, bar: '—', holds: true };
}

function requests(names: string[]): Pick<Alike, 'headers' | 'body'> {
  let next = 0;
  return {
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: () =>
      JSON.stringify({
        external_user_ids: [names[next++ % names.length]],
        messages: {
          email: {
            app_id: APP,
            from: 'a@acme.test',
            subject: 'Hi {{${first_name}}}',
            body: '<p>Hello {{${first_name}}}</p>',
          },
        },
      }),
  };
}
