// `npm run chaos` breaks a running Cresset by a plan that follows from a seed, and checks the books. `--help` says more.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Tell } from './events.ts';
import { freeze } from './freeze.ts';
import { type ChaosOptions, readOptions } from './options.ts';
import { outage } from './outage.ts';
import { pauseAndCancel } from './pause.ts';
import { eventLine, pageWith, type Report, reportText } from './report.ts';
import { kills, type Outcome } from './scenario.ts';
import { type World, withWorld } from './world.ts';

const page = new URL('../docs/chaos.md', import.meta.url);

const scenarios: Readonly<
  Record<ChaosOptions['scenario'], (world: World, options: ChaosOptions, tell: Tell) => Promise<Outcome>>
> = {
  kills: (world, options, tell) => kills(world, options.kills, tell),
  freeze: (world, _options, tell) => freeze(world, tell),
  outage: (world, _options, tell) => outage(world, tell),
  pause: (world, _options, tell) => pauseAndCancel(world, tell),
};

const options = readOptions(process.argv.slice(2));
const { scenario, seed, people, channel, delivery, json, save } = options;
const tell: Tell = (event) => console.error(eventLine(event));
console.error(`${scenario}: seed ${seed}, ${people} people, ${channel}, ${delivery}`);
const outcome = await withWorld(options, (world) => scenarios[scenario](world, options, tell));
const report: Report = {
  name: `${scenario}, seed ${seed}, ${channel}, ${delivery}`,
  command: ['chaos', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
  date: new Date().toISOString().slice(0, 10),
  commit: commit(),
  ...outcome,
};
if (save) writeFileSync(page, pageWith(existsSync(page) ? readFileSync(page, 'utf8') : '', report));
console.log(json ? JSON.stringify({ ...options, ...report }, null, 1) : reportText(report));
process.exitCode = outcome.problems.length === 0 ? 0 : 1;

function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':!docs') !== '';
  return git('rev-parse', '--short', 'HEAD') + (changed ? '+' : '');
}
