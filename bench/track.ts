import { connect } from '../src/db/database.ts';
import { attachEmbedded } from '../src/db/embedded/embedded.ts';
import { sql } from '../src/db/sql.ts';
import { type BareServer, startBareServer } from './bare-server.ts';
import { copyIn } from './copy.ts';
import { type Figure, median, percentile } from './figure.ts';
import { load } from './load.ts';
import { numberOption } from './options.ts';
import { APP, type BenchServer, givenPeople, KEY, startBenchServer } from './server.ts';

const ROUNDS = 3;
const ROUND_MS = 2_000;
const KNOWN_PEOPLE = 7_500;
const COPIED_PEOPLE = 30_000;
const workspace = `apps: [{ id: ${APP}, name: iOS, platform: ios }]
rate_limits: { default: 100000000, users_track: 100000000, users_identity: 100000000 }
`;

/** One kind of request. */
interface Kind {
  path: string;
  connections: number;
  body: () => string;
}

interface Measured {
  /** Requests a second: the median of the rounds. */
  perSecond: number;
  /** Latency of every request, in milliseconds. */
  latencies: number[];
}

/** Measures how fast people, events, names and deletions are written, against a bare Fastify and PostgreSQL's `copy`. */
export async function benchTrack(): Promise<Figure[]> {
  const server = await startBenchServer(workspace, { CRESSET_ROLES: 'api' });
  const bare = await startBareServer('bare-track.ts');
  try {
    const known = await givenPeople(server, KNOWN_PEOPLE);
    const figures = [
      ...(await onePerson(server, bare)),
      ...(await many(server, known)),
      ...(await names(server, known)),
    ];
    return [...figures, ...(await copied(server))];
  } finally {
    await bare.stop();
    await server.stop();
  }
}

async function onePerson(server: BenchServer, bare: BareServer): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const connections of [20, 50, 64]) {
    const kind = { path: '/users/track', connections, body: newPeople(1) };
    const [ours, theirs] = await measure([server, bare], kind);
    const p99 = percentile(ours.latencies, 0.99);
    figures.push({
      what: `one new person a request, ${connections} connections`,
      value: `${rate(ours.perSecond)}, ${spread(ours)} (bare: ${rate(theirs.perSecond)}, ${spread(theirs)})`,
      ...(connections === 50
        ? { bar: '4,000/s, p99 25 ms', holds: ours.perSecond >= 4_000 && p99 <= 25 }
        : { bar: '—', holds: true }),
    });
  }
  const [alone, bareAlone] = await measure([server, bare], {
    path: '/users/track',
    connections: 1,
    body: newPeople(1),
  });
  const p50 = percentile(alone.latencies, 0.5);
  return [
    ...figures,
    {
      what: 'the same, alone: p50',
      value: `${p50.toFixed(1)} ms (bare: ${percentile(bareAlone.latencies, 0.5).toFixed(1)} ms)`,
      bar: '3 ms',
      holds: p50 <= 3,
    },
  ];
}

async function many(server: BenchServer, known: readonly string[]): Promise<Figure[]> {
  const [people] = await measure([server], { path: '/users/track', connections: 20, body: newPeople(75) });
  const [events] = await measure([server], { path: '/users/track', connections: 20, body: eventsOf(known, 75) });
  const [hot] = await measure([server], {
    path: '/users/track',
    connections: 50,
    body: eventsOf(known.slice(0, 1), 1),
  });
  return [
    atLeast('75 new people a request, 20 connections', people.perSecond * 75, { unit: 'people', bar: 25_000 }),
    atLeast('75 events of 75 people a request, 20 connections', events.perSecond * 75, { unit: 'events', bar: 40_000 }),
    atLeast('one event a request, all of one person, 50 connections', hot.perSecond, { unit: 'events', bar: 2_000 }),
  ];
}

async function names(server: BenchServer, known: readonly string[]): Promise<Figure[]> {
  let next = 0;
  const newAlias = () =>
    JSON.stringify({
      user_aliases: [
        { external_id: known[next % known.length], alias_label: `label-${next}`, alias_name: `alias-${next++}` },
      ],
    });
  const [alias] = await measure([server], { path: '/users/alias/new', connections: 20, body: newAlias });
  let gone = 0;
  const deletion = () => JSON.stringify({ external_ids: [known[gone++ % known.length]] });
  const [deleted] = await measure([server], { path: '/users/delete', connections: 20, body: deletion });
  return [
    {
      what: '/users/alias/new, 20 connections',
      value: `${rate(alias.perSecond)}, ${spread(alias)}`,
      bar: '—',
      holds: true,
    },
    {
      what: '/users/delete, 20 connections',
      value: `${rate(deleted.perSecond)}, ${spread(deleted)}`,
      bar: '—',
      holds: true,
    },
  ];
}

/** `copy` writes rows like those of the other figures into a table with the columns and indices of `profiles`. */
async function copied(server: BenchServer): Promise<Figure[]> {
  const url = (await attachEmbedded({ dataDir: server.dataDir })) ?? '';
  const db = connect({ url, max: 1 });
  try {
    await db.run(sql`create table copied (like profiles including all)`);
    const lines = Array.from({ length: COPIED_PEOPLE }, (_, n) =>
      [n % 256, n, 1, `c${n}`, `Name c${n}`, `c${n}@example.test`, '{"points": 5}'].join('\t'),
    );
    const columns = 'bucket, user_id, workspace_id, external_id, first_name, email, custom';
    const seconds = await copyIn(url, `copy copied (${columns}) from stdin`, lines);
    const value = `${Math.round(COPIED_PEOPLE / seconds).toLocaleString('en-US')} people/s`;
    return [
      { what: "PostgreSQL's own copy of such rows, in one statement: the ceiling", value, bar: '—', holds: true },
    ];
  } finally {
    await db.close();
  }
}

/** Measures servers in turn, so that other work on the machine affects all of them alike. */
async function measure<Servers extends readonly { url: string }[]>(
  servers: readonly [...Servers],
  { path, connections, body }: Kind,
): Promise<{ [Place in keyof Servers]: Measured }> {
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const rounds = numberOption('rounds', ROUNDS);
  const found = servers.map(({ url }) => ({ url, rates: [] as number[], latencies: [] as number[] }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { url, rates, latencies } of found) {
      const result = await load({
        url,
        path,
        headers,
        body,
        connections,
        forMs: round === 0 ? ROUND_MS / 4 : ROUND_MS,
      });
      if (round === 0) continue; // warm
      rates.push(result.perSecond);
      for (const latency of result.latencies) latencies.push(latency);
    }
  }
  const measured = found.map(({ rates, latencies }): Measured => ({ perSecond: median(rates), latencies }));
  return measured as { [Place in keyof Servers]: Measured };
}

let made = 0;

function newPeople(count: number): () => string {
  return () =>
    JSON.stringify({
      attributes: Array.from({ length: count }, () => {
        const name = `n${made++}`;
        return { external_id: name, first_name: `Name ${name}`, email: `${name}@example.test`, points: 5 };
      }),
    });
}

function eventsOf(people: readonly string[], count: number): () => string {
  let next = 0;
  const time = new Date().toISOString();
  return () =>
    JSON.stringify({
      events: Array.from({ length: count }, () => ({
        ...{ external_id: people[next++ % people.length], name: 'opened', time },
        properties: { page: 'home', position: 3 },
      })),
    });
}

function atLeast(what: string, perSecond: number, { unit, bar }: { unit: string; bar: number }): Figure {
  return {
    what,
    value: `${Math.round(perSecond).toLocaleString('en-US')} ${unit}/s`,
    bar: `${bar.toLocaleString('en-US')}/s`,
    holds: perSecond >= bar,
  };
}

function rate(perSecond: number): string {
  return `${Math.round(perSecond).toLocaleString('en-US')}/s`;
}

function spread({ latencies }: Measured): string {
  return `p50 ${percentile(latencies, 0.5).toFixed(1)} ms, p99 ${percentile(latencies, 0.99).toFixed(1)} ms`;
}
