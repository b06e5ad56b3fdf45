// Bundles the programs: what the package holds, and what the tests start as processes. One file is read in a third of the
// time that a thousand modules take.
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OutputChunk, rolldown } from 'rolldown';

/**
 * What is started or imported by its name. All lie beside each other: a thread is started from the folder of the module that
 * starts it (`moduleBeside`), which may be in any of the shared files.
 */
const entries = {
  main: 'src/main.ts',
  'broadcast-thread': 'src/process/broadcast-thread.ts',
  'plan-thread': 'src/process/plan-thread.ts',
  'encryption-worker': 'src/channels/web-push/encryption-worker.ts',
  client: 'src/client/client.ts',
  testing: 'src/testing/testing.ts',
  thread: 'src/testing/thread.ts',
  libraries: 'src/db/embedded/libraries.ts',
};
const DAY_MS = 86_400_000;

/** The bundle's files. Dependencies stay outside. */
async function bundle(): Promise<OutputChunk[]> {
  const isOurs = (id: string) => id.startsWith('.') || id.startsWith('/') || id.startsWith('src/');
  const build = await rolldown({ input: entries, platform: 'node', external: (id) => !isOurs(id) });
  const { output } = await build.generate({ format: 'esm', chunkFileNames: 'part-[hash].js' });
  await build.close();
  return output.filter((file) => file.type === 'chunk');
}

/** Writes the bundle into a folder. */
export async function writeBundle(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const { fileName, code } of await bundle()) writeFileSync(join(folder, fileName), code);
}

/**
 * Returns the path of a bundled `main.js` in a folder of bundles. One of the same code is at the same place, so that
 * Node.js finds what it compiled. Those that nobody used for a day are removed.
 */
export async function keptBundle(bundles: string): Promise<string> {
  const files = await bundle();
  const hash = createHash('sha256');
  for (const { fileName, code } of files) hash.update(`${fileName}\n${code}\n`);
  const folder = join(bundles, hash.digest('hex').slice(0, 16));
  for (const old of globSync(join(bundles, '*')))
    if (old !== folder && statSync(old).mtimeMs < Date.now() - DAY_MS) rmSync(old, { recursive: true, force: true });
  if (existsSync(folder)) {
    utimesSync(folder, new Date(), new Date());
  } else {
    const unfinished = `${folder}.${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    for (const { fileName, code } of files) writeFileSync(join(unfinished, fileName), code);
    // Another run may have been faster with the same files.
    if (!existsSync(folder)) renameSync(unfinished, folder);
  }
  return join(folder, 'main.js');
}
