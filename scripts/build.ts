// `npm pack` runs this first: it bundles into dist/ what the package needs at run time, with the types of `cresset/client`
// and `cresset/testing`, and builds the console, which lies there, too.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { writeBundle } from './bundle.ts';

for (const path of globSync('dist/!(console|console.sources)')) rmSync(path, { recursive: true });
const console = spawnSync(process.execPath, ['scripts/build-console.ts'], { stdio: ['ignore', 2, 2] });
if (console.status !== 0) process.exit(1);
await writeBundle('dist');
for (const project of ['src/client/tsconfig.json', 'src/testing/tsconfig.json']) {
  // The output of npm is read by programs, so whatever the compiler says goes to standard error.
  const { status } = spawnSync('node_modules/.bin/tsc', ['-p', project], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}
mkdirSync('dist/sdk', { recursive: true });
for (const file of globSync('src/sdk/*.{js,html}')) copyFileSync(file, `dist/sdk/${basename(file)}`);
chmodSync('bin/cresset.mjs', 0o755);
