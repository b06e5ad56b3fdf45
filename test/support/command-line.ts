import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Actions, runProgram } from '../../src/cli/program.ts';
import { testDatabase } from './database.ts';

export const SECRET = 'a secret of the tests, long enough';

/**
 * Returns a function that runs one command line and returns its exit code and what it printed. `database`: the line that
 * says which database the command works on. null: there was none.
 */
export function commandLine(env: Record<string, string>, actions: Partial<Actions> = {}) {
  return async (...args: string[]) => {
    const out: string[] = [];
    const errors: string[] = [];
    let database: string | null = null;
    const printError = (text: string) => {
      if (text.startsWith('Database: ')) database = text;
      else errors.push(text);
    };
    const code = await runProgram(
      args,
      {
        serve: async () => undefined,
        checkFilter: () => [],
        checkReferences: () => [],
        checkContent: () => [],
        ...actions,
      },
      { env, print: (text) => out.push(text), printError },
    );
    return { code, out: out.join('\n'), errors: errors.join('\n'), database: database as string | null };
  };
}

/** A folder that is deleted when the test ends. */
export function temporaryFolder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'cresset-cli-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A command line on its own database. */
export async function commandLineOnDatabase(t: TestContext, env: Record<string, string> = {}) {
  const { db, url, workspaceId } = await testDatabase(t);
  return { db, workspaceId, run: commandLine({ DATABASE_URL: url, CRESSET_SECRET: SECRET, ...env }) };
}
