// Runs `cresset users import` as a process on files.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { plainEnvironment, program } from '../../rig/process.ts';
import { SECRET } from './command-line.ts';
import { testDatabase } from './database.ts';

/** A database, and the command on files in a folder of their own. */
export async function importWorld(t: TestContext) {
  const { db, url } = await testDatabase(t);
  const folder = mkdtempSync(join(tmpdir(), 'cresset-import-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const env = { ...plainEnvironment(), DATABASE_URL: url, CRESSET_SECRET: SECRET };
  return {
    db,
    file(name: string, bytes: string | Buffer): string {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    },
    start: (...args: string[]) => spawn(process.execPath, [program, 'users', 'import', ...args], { env }),
    async import(...args: string[]) {
      const child = this.start(...args);
      let [out, errors] = ['', ''];
      child.stdout.on('data', (chunk) => (out += chunk));
      child.stderr.on('data', (chunk) => (errors += chunk));
      const [code] = await once(child, 'close');
      return { code, out, errors };
    },
  };
}

/** The lines of a rejects file, without the first, which names the options. */
export const rejectedLines = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((line) => !('cresset_import' in line));
