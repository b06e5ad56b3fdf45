// `npm run console` builds the console into dist/console/, unless its sources are those of the last build.
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'dist/console');
const stamp = join(root, 'dist/console.sources');

const sources = sourcesHash();
if (!existsSync(join(target, 'index.html')) || readStamp() !== sources) await build();

/** A hash of everything that the build reads. */
function sourcesHash(): string {
  const files = globSync('src/console/**/*', { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
  const hash = createHash('sha256');
  for (const file of [...files.sort(), join(root, 'package-lock.json'), fileURLToPath(import.meta.url)])
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

function readStamp(): string | null {
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : null;
}

async function build(): Promise<void> {
  const { build: viteBuild } = await import('vite');
  // Two servers may build at once: each has a folder of its own, and the last one stays.
  const made = `${target}-${process.pid}`;
  mkdirSync(made, { recursive: true });
  try {
    await viteBuild({
      root: join(root, 'src/console'),
      configFile: join(root, 'src/console/vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: made, emptyOutDir: true },
    });
    const old = `${target}-old-${process.pid}`;
    if (existsSync(target)) renameSync(target, old);
    renameSync(made, target);
    rmSync(old, { recursive: true, force: true });
    writeFileSync(stamp, sources);
    console.log('built');
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}
