import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { writePopulation } from '../rig/population.ts';
import { copyPopulation } from './copy-population.ts';
import type { Figure } from './figure.ts';
import { numberOption } from './options.ts';
import { type BenchServer, startBenchServer } from './server.ts';

const DEFAULT_PEOPLE = 1_000_000;
/** Most time for a million people. */
const BAR_S = 45;

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** Imports the first `count` people of the population into a running bench server's database. Returns the seconds it took. */
export async function importPopulation(server: BenchServer, count: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-population-'));
  const path = join(folder, 'people.ndjson');
  try {
    await writePopulation(path, count);
    const start = performance.now();
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, CRESSET_DATA_DIR: server.dataDir };
    const { stdout } = await promisify(execFile)(process.execPath, [main, 'users', 'import', path, '--json'], { env });
    const seconds = (performance.now() - start) / 1_000;
    const end = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { event: string; records: number };
    if (end.event !== 'finished' || end.records !== count) throw new Error(`the import ended with ${stdout}`);
    return seconds;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Most people that are copied for comparison: their lines are made in memory. */
const MOST_COPIED = 200_000;

/** Runs `cresset users import` for a million people with ten custom attributes each, beside PostgreSQL's own `copy` of them. */
export async function benchImport(): Promise<Figure[]> {
  const count = numberOption('people', DEFAULT_PEOPLE);
  const server = await startBenchServer('name: Bench\n');
  try {
    const seconds = await importPopulation(server, count);
    const bar = (BAR_S * count) / 1_000_000;
    const copied = Math.min(count, MOST_COPIED);
    const perSecond = copied / (await copyPopulation(server, copied));
    return [
      {
        what: `import of ${count.toLocaleString('en-US')} new people from NDJSON, beside a running server`,
        value: `${seconds.toFixed(0)} s (${Math.round(count / seconds)}/s)`,
        bar: `${bar.toFixed(0)} s`,
        holds: seconds <= bar,
      },
      {
        what: "PostgreSQL's own `copy` of the same profiles and names, with their indexes, over one connection",
        value: `${(count / perSecond).toFixed(0)} s for as many (${Math.round(perSecond)}/s)`,
        bar: '—',
        holds: true,
      },
    ];
  } finally {
    await server.stop();
  }
}
