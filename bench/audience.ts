import { type Sql, sql } from '../src/db/sql.ts';
import { type AudienceWorld, attribute, EVERYBODY, email, startAudienceWorld, until } from './audience-world.ts';
import { type Figure, median } from './figure.ts';
import { listOption, numberOption, numbersOption } from './options.ts';
import { KEY } from './server.ts';

const ROUNDS = numberOption('rounds', 3);
const DRAIN_MS = 10_000;

type Part = (world: AudienceWorld, people: number) => Promise<Figure[]>;

const parts: Readonly<Record<string, Part>> = { preview: previews, expansion: expansions, first: firstMessage, memory };

/**
 * Measures audiences of 100,000 and a million people (or `--people`), against the same SQL written by hand. `--parts
 * expansion,first` measures only these parts; `--rounds 1` measures each thing once. Prints each figure at once.
 */
export async function benchAudience(): Promise<Figure[]> {
  const wanted = listOption('parts', Object.keys(parts));
  const counts = numbersOption('people', [100_000, 1_000_000]);
  const world = await startAudienceWorld();
  try {
    const figures: Figure[] = [];
    if (wanted.includes('memory')) await measureBase(world);
    for (const count of counts) {
      await world.fill(count);
      for (const [name, part] of Object.entries(parts)) {
        if (!wanted.includes(name)) continue;
        const taken = await part(world, count);
        for (const { what, value } of taken) console.error(`${what}: ${value}`);
        figures.push(...taken);
      }
    }
    return figures;
  } finally {
    await world.stop();
  }
}

const formatted = (count: number) => count.toLocaleString('en-US');

const half = { audience: attribute('plan', 'pro'), byHand: sql`p.custom -> 'plan' = '"pro"'` };
const rare = { audience: attribute('rare', true), byHand: sql`p.custom -> 'rare' = 'true'` };

/** Previews over HTTP, with a count and a sample and with the reach of each channel, against `select count(*)`. */
async function previews(world: AudienceWorld, count: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [what, { audience, byHand }, most] of [
    ['half of', half, null],
    ['0.1 % of', rare, 30],
  ] as const) {
    const [theirs, counted, whole]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round <= ROUNDS; round += 1) {
      theirs.push(await timed(() => world.db.query(sql`select count(*) from profiles p where ${byHand}`)));
      counted.push(await timed(() => preview(world, { audience, channels: [] })));
      whole.push(await timed(() => preview(world, { audience })));
    }
    const [hand = 0, ours = 0, reach = 0] = [theirs, counted, whole].map(([, ...warm]) => median(warm));
    figures.push({
      what: `preview of ${what} ${formatted(count)}: the count and a sample, against \`count(*)\` by hand`,
      value: `${(hand / ours).toFixed(2)} (${ours.toFixed(0)} ms, by hand ${hand.toFixed(0)} ms)`,
      bar: most === null ? '0.90' : `${most} ms`,
      holds: most === null ? hand / ours >= 0.9 : ours <= most || count > 1_000_000,
    });
    figures.push({
      what: 'the same with the reach of every channel',
      value: `${(hand / reach).toFixed(2)} (${reach.toFixed(0)} ms)`,
      bar: most === null ? '—' : `${most} ms`,
      holds: most === null || reach <= most || count > 1_000_000,
    });
  }
  return figures;
}

async function preview(world: AudienceWorld, body: object): Promise<void> {
  const response = await fetch(`${world.server.url}/audience/preview`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}` },
    body: JSON.stringify(body),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`the preview answered ${response.status}: ${answer}`);
}

/** Time from acceptance until every row is written, while nothing is sent, against one `insert … select` by hand. */
async function expansions(world: AudienceWorld, count: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [what, target, byHand] of [
    ['everybody of', { segment_id: EVERYBODY }, sql`true`],
    ['half of', { audience: half.audience }, half.byHand],
    ['0.1 % of', { audience: rare.audience }, rare.byHand],
  ] as const) {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await world.clear();
      theirs.push(await writeByHand(world, byHand));
      await world.clear();
      ours.push(await expand(world, target));
    }
    const ratio = median(theirs) / median(ours);
    figures.push({
      what: `expansion to ${what} ${formatted(count)}, against the same SQL by hand`,
      value: `${ratio.toFixed(2)} (${(median(ours) / 1000).toFixed(2)} s, by hand ${(median(theirs) / 1000).toFixed(2)} s)`,
      bar: what === '0.1 % of' ? '—' : '0.90',
      holds: what === '0.1 % of' || ratio >= 0.9,
    });
  }
  return figures;
}

function writeByHand({ db }: AudienceWorld, condition: Sql): Promise<number> {
  return timed(() =>
    db.run(sql`
      insert into sends (bucket, dispatch_id, user_id, channel, updated_at)
      select p.bucket, first_dispatch_id(now()), p.user_id, 'email', now()
        from profiles p
       where p.workspace_id = (select id from workspaces) and ${condition}`),
  );
}

/** The time in milliseconds that the database has recorded between acceptance and the last row. */
async function expand({ server, db }: AudienceWorld, target: object): Promise<number> {
  const { dispatch_id } = await server.post('/messages/send', { broadcast: true, messages: { email }, ...target });
  // Paused, so that sending does not disturb the measurement.
  await server.order(dispatch_id, 'pause');
  const took = () =>
    db.maybeOne<{ ms: number }>(sql`
    select extract(epoch from expanded_at - accepted_at)::float8 * 1000 as ms
      from dispatches
     where id = ${dispatch_id} and expanded_at is not null`);
  await until(async () => (await took()) !== null);
  await server.order(dispatch_id, 'cancel');
  return (await took())?.ms ?? Number.NaN;
}

/** Time from the answer to the client until the first mail arrives. */
async function firstMessage(world: AudienceWorld, count: number): Promise<Figure[]> {
  const waits: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    await world.clear();
    await world.mails('reset');
    const body = { broadcast: true, segment_id: EVERYBODY, messages: { email } };
    const { dispatch_id } = await world.server.post('/messages/send', body);
    const answeredAt = performance.timeOrigin + performance.now();
    await until(async () => (await world.mails('count')).firstAt !== null);
    waits.push(((await world.mails('count')).firstAt ?? Number.NaN) - answeredAt);
    await stop(world, dispatch_id);
  }
  const [, ...warm] = waits;
  const figure = {
    what: `first mail at the provider after a broadcast to ${formatted(count)} was accepted`,
    value: `${(median(warm) / 1000).toFixed(2)} s`,
    bar: '0.3 s',
    holds: median(warm) <= 300,
  };
  return [figure];
}

async function stop({ server, db }: AudienceWorld, id: string): Promise<void> {
  await server.order(id, 'cancel');
  await until(async () => (await db.one<{ open: number }>(sql`select count(*) as open from tasks`)).open === 0);
}

let base = Number.NaN;

/** Measures the memory that a small broadcast needs, as the base for larger ones. */
async function measureBase(world: AudienceWorld): Promise<void> {
  await world.fill(10_000);
  // Three rounds, because a process grows with its first twenty thousand messages and then no more.
  for (let round = 0; round < 3; round += 1) base = (await watch(world)).most;
}

async function memory(world: AudienceWorld, count: number): Promise<Figure[]> {
  const { most, answersMs } = await watch(world);
  const more = most - base;
  const memoryFigure = {
    what: `memory of the server while ${formatted(count)} are written and sent to for ${DRAIN_MS / 1000} s, beyond that of 10,000`,
    value: `${more < 0 ? '−' : '+'}${Math.abs(more).toFixed(0)} MB (${most.toFixed(0)} MB)`,
    bar: '+30 MB; 250 MB',
    holds: more <= 30 && most <= 250,
  };
  const answerFigure = {
    what: '`GET /dispatches/{id}` of it meanwhile, asked twice a second: median',
    value: `${median(answersMs).toFixed(0)} ms (slowest ${Math.max(...answersMs).toFixed(0)} ms)`,
    bar: '150 ms',
    holds: median(answersMs) <= 150,
  };
  return [memoryFigure, answerFigure];
}

/** Sends a broadcast to everybody for a while. Returns the most memory in MB, and how long answers about the dispatch took. */
async function watch(world: AudienceWorld): Promise<{ most: number; answersMs: number[] }> {
  await world.clear();
  const body = { broadcast: true, segment_id: EVERYBODY, messages: { email } };
  const { dispatch_id } = await world.server.post('/messages/send', body);
  let most = 0;
  const answersMs: number[] = [];
  const end = performance.now() + DRAIN_MS;
  while (performance.now() < end) {
    answersMs.push(await timed(() => world.server.get(`/dispatches/${dispatch_id}`)));
    most = Math.max(most, world.memory());
    await new Promise((next) => setTimeout(next, 500));
  }
  await stop(world, dispatch_id);
  return { most, answersMs };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
