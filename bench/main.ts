// `npm run bench` runs all benches, `npm run bench -- accept` runs one. The tables go to docs/bench.md. See `--help`.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { benchAccept } from './accept.ts';
import { benchAudience } from './audience.ts';
import { benchCallbacks } from './callbacks.ts';
import { benchCancel } from './cancel.ts';
import { benchConsole } from './console.ts';
import { benchContent } from './content.ts';
import { benchEmail } from './email.ts';
import type { Figure } from './figure.ts';
import { benchHttp } from './http.ts';
import { benchIdle } from './idle.ts';
import { benchImport } from './import.ts';
import { benchLatency } from './latency.ts';
import { help, isHelpWanted, peopleOption, wantedBenches } from './options.ts';
import { benchPackage } from './package.ts';
import { pageWith } from './page.ts';
import { benchPush } from './push.ts';
import { benchPushFaults } from './push-faults.ts';
import { benchPushSenders } from './push-senders.ts';
import { benchSeries } from './series.ts';
import { benchSoak } from './soak.ts';
import { benchTemplates } from './templates.ts';
import { benchTrack } from './track.ts';
import { benchWebPush } from './web-push.ts';
import { benchWorkers } from './workers.ts';

const benches: Readonly<Record<string, () => Promise<Figure[]>>> = {
  accept: benchAccept,
  idle: benchIdle,
  email: benchEmail,
  audience: benchAudience,
  callbacks: benchCallbacks,
  cancel: benchCancel,
  console: benchConsole,
  content: benchContent,
  http: benchHttp,
  import: benchImport,
  latency: benchLatency,
  package: benchPackage,
  push: benchPush,
  'push-faults': benchPushFaults,
  'push-senders': benchPushSenders,
  series: benchSeries,
  soak: benchSoak,
  templates: benchTemplates,
  track: benchTrack,
  'web-push': benchWebPush,
  workers: benchWorkers,
};

const unknown = wantedBenches.filter((name) => !(name in benches));
if (unknown.length > 0)
  throw new Error(`expected one of the benches ${Object.keys(benches).join(', ')}, got ${unknown.join(', ')}`);
if (isHelpWanted) {
  console.log(help(Object.keys(benches)));
  process.exit();
}
const command = ['bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' ');
const path = new URL('../docs/bench.md', import.meta.url);
for (const [name, bench] of Object.entries(benches)) {
  if (wantedBenches.length > 0 && !wantedBenches.includes(name)) continue;
  const section = {
    name: peopleOption === undefined ? name : `${name} of ${peopleOption}`,
    command,
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    figures: await bench(),
  };
  // Written after each bench, so that an interrupted run keeps the sections before it.
  writeFileSync(path, pageWith(readFileSync(path, 'utf8'), [section], Object.keys(benches)));
  console.log(pageWith('', [section], [name]));
}

function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':!docs/bench.md') !== '';
  return git('rev-parse', '--short', 'HEAD') + (changed ? '+' : '');
}
