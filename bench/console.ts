import { connect } from '../src/db/database.ts';
import { attachEmbedded } from '../src/db/embedded/embedded.ts';
import { listsOf, type Page, pagesOf } from './console/pages.ts';
import { drawFinds, drawSamples } from './console/samples.ts';
import { type Asked, type Caller, type Times, timesOf } from './console/timing.ts';
import { measureWatching } from './console/watched.ts';
import { type ConsoleWorld, startConsoleWorld } from './console/world.ts';
import type { Figure } from './figure.ts';
import { isVerbose, listOption, numberOption } from './options.ts';
import { KEY } from './server.ts';

const PAGE_MS = 300;
const FIND_MS = 100;
const parts = ['pages', 'finds', 'lists', 'watching'] as const;

/**
 * Measures the console over a million people, ten million sends and ten thousand campaigns: how long each page takes to its
 * first data, how long the search field takes, the lists of the public API, and what watching costs a broadcast. With `--keep`
 * the data is made once a day.
 */
export async function benchConsole(): Promise<Figure[]> {
  const people = numberOption('people', 1_000_000);
  const size = { people, campaigns: Math.max(100, people / 100), sends: people * 10 };
  const rounds = numberOption('rounds', 60);
  const wanted = listOption('parts', parts);
  const world = await startConsoleWorld(size);
  const url = (await attachEmbedded({ dataDir: world.server.dataDir })) ?? '';
  const db = connect({ url, max: 1 });
  try {
    const caller = { url: world.server.url, cookie: await world.cookie(), key: KEY };
    const figures: Figure[] = [];
    if (wanted.includes('pages'))
      figures.push(...(await measure(caller, pagesOf(await drawSamples(db)), { rounds, barMs: PAGE_MS })));
    if (wanted.includes('finds'))
      figures.push(...(await measure(caller, named(await drawFinds(db, people)), { rounds, barMs: FIND_MS })));
    if (wanted.includes('lists'))
      figures.push(...(await measure(caller, listsOf(await drawSamples(db)), { rounds, barMs: PAGE_MS })));
    if (wanted.includes('watching')) figures.push(...(await measureWatching(world, caller)));
    return [filling(world, size), ...figures];
  } finally {
    await db.close();
    await world.stop();
  }
}

function filling({ filledInS }: ConsoleWorld, size: object): Figure {
  const what = Object.entries(size).map(([name, value]) => `${value.toLocaleString('en-US')} ${name}`);
  const value = filledInS === null ? 'filled before' : `${filledInS.toFixed(0)} s`;
  return { what: `filling: ${what.join(', ')}`, value, bar: '240 s', holds: filledInS === null || filledInS <= 240 };
}

function named(finds: Readonly<Record<string, readonly Asked[]>>): Page[] {
  return Object.entries(finds).map(([kind, all]) => ({ name: `find: ${kind}`, variants: all.map((asked) => [asked]) }));
}

/** Asks each once for each id, which finds nothing in memory, and then again and again. */
async function measure(
  caller: Caller,
  pages: readonly Page[],
  { rounds, barMs }: { rounds: number; barMs: number },
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { name, variants } of pages) {
    if (variants.length === 0) throw new Error(`there is nothing to open for: ${name}`);
    const first = await timesOf(caller, variants, Math.min(variants.length, rounds));
    const warm = await timesOf(caller, variants, rounds);
    figures.push(figureOf(name, { first, warm, barMs }));
  }
  return figures;
}

function figureOf(name: string, { first, warm, barMs }: { first: Times; warm: Times; barMs: number }): Figure {
  const [p50, p95, p99] = [warm.p50, warm.p95, warm.p99].map((ms) => ms.toFixed(0));
  const value = `${first.p50.toFixed(0)}, at most ${first.most.toFixed(0)} ms; again ${p50} / ${p95} / ${p99} ms`;
  if (isVerbose) console.error(`${name}: ${value}`);
  return { what: name, value, bar: `${barMs} ms`, holds: first.most <= barMs && warm.p99 <= barMs };
}
