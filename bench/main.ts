// `npm run bench` measures; `npm run bench -- accept` measures one thing. The table goes to docs/bench.md.
// `--people 100k|1m|10m` chooses the sizes that audiences are measured at.
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { benchAccept } from './accept.ts';
import { benchAudience } from './audience.ts';
import { benchCancel } from './cancel.ts';
import { benchDrain } from './drain.ts';
import { benchEmail } from './email.ts';
import type { Figure } from './figure.ts';
import { benchIdle } from './idle.ts';
import { benchImport } from './import.ts';
import { benchPush } from './push.ts';
import { benchPushFaults } from './push-faults.ts';
import { benchPushSenders } from './push-senders.ts';
import { benchWebPush } from './web-push.ts';

const benches: Readonly<Record<string, () => Promise<Figure[]>>> = {
  accept: benchAccept,
  idle: benchIdle,
  email: benchEmail,
  drain: benchDrain,
  audience: benchAudience,
  cancel: benchCancel,
  import: benchImport,
  push: benchPush,
  'push-faults': benchPushFaults,
  'push-senders': benchPushSenders,
  'web-push': benchWebPush,
};

const wanted = process.argv.slice(2).filter((name) => name in benches);
const figures: Figure[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length === 0 || wanted.includes(name)) figures.push(...(await bench()));
}
const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node.js ${process.version}`;
const rows = figures.map(
  ({ what, value, bar, holds }) => `| ${what} | ${value} | ${bar} | ${holds ? 'yes' : '**no**'} |`,
);
const page = `# Figures

Taken with \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${machine}. Server, database, client and simulator share the machine.

| what | measured | bar | held |
|---|---|---|---|
${rows.join('\n')}
`;
console.log(page);
if (wanted.length === 0) writeFileSync(new URL('../docs/bench.md', import.meta.url), page);
