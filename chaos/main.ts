// `npm run chaos` breaks a running Cresset, following a plan drawn from a seed, and checks the books. See `--help`.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import type { OnEvent } from './events.ts';
import { freeze } from './freeze.ts';
import { type ChaosOptions, readOptions } from './options.ts';
import { outage } from './outage.ts';
import { pauseAndCancel } from './pause.ts';
import { eventLine, machine, pageWith, type Report, reportText } from './report.ts';
import { kills, type Outcome } from './scenario.ts';
import { type World, withWorld } from './world.ts';

const page = new URL('../docs/chaos.md', import.meta.url);

const scenarios: Readonly<
  Record<ChaosOptions['scenario'], (world: World, options: ChaosOptions, onEvent: OnEvent) => Promise<Outcome>>
> = {
  kills: (world, options, onEvent) => kills(world, options.kills, onEvent),
  freeze: (world, _options, onEvent) => freeze(world, onEvent),
  outage: (world, _options, onEvent) => outage(world, onEvent),
  pause: (world, _options, onEvent) => pauseAndCancel(world, onEvent),
};

const options = readOptions(process.argv.slice(2));
const { scenario, seed, people, channel, delivery, json, save } = options;
const onEvent: OnEvent = (event) => console.error(eventLine(event));
console.error(`${scenario}: seed ${seed}, ${people} people, ${channel}, ${delivery}`);
const outcome = await withWorld(options, (world) => scenarios[scenario](world, options, onEvent));
const report: Report = {
  ...{ scenario, seed, delivery, channel, people, kills: scenario === 'kills' ? options.kills : 0, machine: machine() },
  command: ['chaos', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
  date: new Date().toISOString().slice(0, 10),
  commit: commit(),
  ...outcome,
};
if (save) writeFileSync(page, pageWith(readFileSync(page, 'utf8'), report));
console.log(json ? JSON.stringify({ ...options, ...report }, null, 1) : reportText(report));
process.exitCode = outcome.problems.length === 0 ? 0 : 1;

function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':!docs') !== '';
  return git('rev-parse', '--short', 'HEAD') + (changed ? '+' : '');
}
