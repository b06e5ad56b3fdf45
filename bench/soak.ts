import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ServerName } from '../chaos/plan.ts';
import { untilEnded } from '../chaos/progress.ts';
import { sendBroadcasts, type World, withWorld } from '../chaos/world.ts';
import { pause } from '../rig/waiting.ts';
import { sql } from '../src/db/sql.ts';
import type { Figure } from './figure.ts';
import { numberOption, plotFile } from './options.ts';
import { plot } from './plot.ts';

const NAMED_PER_SECOND = 50;
const SAMPLE_EVERY_MS = 5_000;
const servers: readonly ServerName[] = ['api', 'worker 1'];
const WARMING_ROUNDS = 4;
const MAX_DRIFT = 0.05;

/** A measurement of everything that could grow. */
interface Sample {
  memoryMb: Record<string, number>;
  /** Number of leases that have expired. */
  overdue: number;
  /** Time that the oldest due task has waited for a lease. */
  waitingMs: number;
  tasksMb: number;
  sendBytes: number;
}

/** Sends broadcasts and mails to named people, and changes profiles, at half of this machine's speed, for `--minutes`. */
export async function benchSoak(): Promise<Figure[]> {
  const minutes = numberOption('minutes', 30);
  const people = numberOption('people', 20_000);
  const options = { seed: 1, people, channel: 'push', delivery: 'at_least_once', workers: ['worker 1'] } as const;
  return withWorld(options, async (world) => {
    const tookMs = await atFullSpeed(world);
    const samples = await soak(world, minutes * 60_000, 2 * tookMs);
    await untilEnded(world);
    const path = plotFile ?? fileURLToPath(new URL('../docs/soak.svg', import.meta.url));
    writeFileSync(path, plot(titleOf(world, tookMs), minutes, curvesOf(samples)));
    return figuresOf(samples, { minutes, people, tookMs });
  });
}

/** Time of one broadcast at full speed, once everything is warm. */
async function atFullSpeed(world: World): Promise<number> {
  let tookMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < WARMING_ROUNDS; round += 1) {
    const start = performance.now();
    await sendBroadcasts({ ...world, seed: 100 + round });
    await untilEnded(world);
    tookMs = Math.min(tookMs, performance.now() - start);
  }
  return tookMs;
}

async function soak(world: World, forMs: number, everyMs: number): Promise<Sample[]> {
  const until = performance.now() + forMs;
  const samples: Sample[] = [];
  const goesOn = () => performance.now() < until;
  let round = 0;
  await Promise.all([
    repeatedly(goesOn, everyMs, () => sendBroadcasts({ ...world, seed: 1_000 + round++ })),
    repeatedly(goesOn, 1_000 / NAMED_PER_SECOND, () => sendToOne(world)),
    repeatedly(goesOn, 1_000, () => changeSome(world)),
    repeatedly(goesOn, SAMPLE_EVERY_MS, async () => samples.push(await look(world))),
  ]);
  return samples;
}

/** Starts `work` at an even rate, whether or not earlier work has ended. The first error ends it. */
async function repeatedly(goesOn: () => boolean, everyMs: number, work: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  const running = new Set<Promise<unknown>>();
  for (let turn = 1; goesOn(); turn += 1) {
    const one: Promise<unknown> = work().finally(() => running.delete(one));
    running.add(one);
    await Promise.race([one, pause(Math.max(0, start + turn * everyMs - performance.now()))]);
    await pause(Math.max(0, start + turn * everyMs - performance.now()));
  }
  await Promise.all(running);
}

let next = 0;

function sendToOne({ api, people }: World): Promise<unknown> {
  next += 1;
  const email = {
    app_id: '51a00000-0000-4000-8000-000000000001',
    subject: 'Receipt',
    body: '<p>{{${first_name}}}</p>',
  };
  return api.ask('POST', '/messages/send', {
    external_user_ids: [`p${1 + (next % people)}`],
    messages: { email },
  });
}

function changeSome({ api, people }: World): Promise<unknown> {
  const attributes = Array.from({ length: 20 }, (_, index) => ({
    external_id: `p${1 + ((next * 31 + index) % people)}`,
    points: next % 100,
  }));
  return api.ask('POST', '/users/track', { attributes });
}

async function look(world: World): Promise<Sample> {
  const tables = await world.db.one<Omit<Sample, 'memoryMb'> & Record<string, unknown>>(sql`
    select (select count(*) from tasks where leased_until < now()) as overdue,
           (select coalesce(max(extract(epoch from now() - run_at)), 0)::float8 * 1000
              from tasks where leased_until is null and run_at < now()) as "waitingMs",
           pg_total_relation_size('tasks') / 1048576.0::float8 as "tasksMb",
           (select sum(pg_total_relation_size(relid)) from pg_partition_tree('sends'))::float8
             / greatest((select count(*) from sends), 1) as "sendBytes"`);
  const memoryMb: Record<string, number> = {};
  for (const name of servers) {
    const { child } = await world.servers.running(name);
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
    memoryMb[name] = Number(kilobytes) / 1_024;
  }
  return { ...tables, memoryMb };
}

function titleOf({ people }: World, tookMs: number): string {
  const most = Math.round(people / (tookMs / 1_000));
  return `Broadcasts of ${people} pushes at half of ${most}/s, ${NAMED_PER_SECOND} mails/s to one person each`;
}

function curvesOf(samples: readonly Sample[]) {
  return [
    ...servers.map((name) => ({
      name: `memory of ${name}`,
      unit: 'MB',
      values: samples.map(({ memoryMb }) => memoryMb[name] ?? 0),
    })),
    { name: 'oldest due task that nobody has leased', unit: 'ms', values: samples.map(({ waitingMs }) => waitingMs) },
    { name: 'leases that ran out', unit: '', values: samples.map(({ overdue }) => overdue) },
    { name: 'size of the table of tasks', unit: 'MB', values: samples.map(({ tasksMb }) => tasksMb) },
    { name: 'bytes of a row of the ledger, with its indexes', unit: 'B', values: samples.map((one) => one.sendBytes) },
  ];
}

function figuresOf(
  samples: readonly Sample[],
  { minutes, people, tookMs }: { minutes: number; people: number; tookMs: number },
): Figure[] {
  const third = Math.floor(samples.length / 3);
  const middle = samples.slice(third, 2 * third);
  const last = samples.slice(2 * third);
  const growth = (of: (sample: Sample) => number) => mean(last.map(of)) / mean(middle.map(of)) - 1;
  const percent = (share: number) => `${share >= 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
  const memory = servers.map((name) => ({ name, drift: growth(({ memoryMb }) => memoryMb[name] ?? 0) }));
  const overdue = Math.max(...samples.map((sample) => sample.overdue));
  const [tasks, row] = [growth(({ tasksMb }) => tasksMb), growth(({ sendBytes }) => sendBytes)];
  return [
    {
      what: `soak, ${minutes} min, broadcasts of ${people.toLocaleString('en-US')} pushes at half of ${Math.round(people / (tookMs / 1_000))}/s, ${NAMED_PER_SECOND} mails/s: memory, last third against the middle one`,
      value: memory.map(({ name, drift }) => `${name} ${percent(drift)}`).join(', '),
      bar: `within ${MAX_DRIFT * 100} %`,
      holds: memory.every(({ drift }) => Math.abs(drift) <= MAX_DRIFT),
    },
    { what: 'the same: leases that ran out', value: `${overdue}`, bar: '0', holds: overdue === 0 },
    {
      what: 'the same: size of the table of tasks; bytes of a row of the ledger with its indexes',
      value: `${percent(tasks)}; ${percent(row)}`,
      bar: 'at most +10 %',
      holds: tasks <= 0.1 && row <= 0.1,
    },
  ];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
