import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import type { launcher } from './account.ts';
import { EmbeddedDatabaseError } from './error.ts';

/** Paths of PostgreSQL's programs. */
export interface Binaries {
  initdb: string;
  pg_ctl: string;
  postgres: string;
}

interface How {
  /** The program's log file. Its last lines are shown when the program fails. */
  logFile?: string;
  input?: string;
}

export type Run = ReturnType<typeof launcher>;

/** Runs a program of PostgreSQL. Throws EmbeddedDatabaseError, with the last lines of its output, when it fails. */
export async function succeed(run: Run, binary: string, args: string[], verb: string, how: How = {}): Promise<void> {
  const { code, output } = await exitCode(run, binary, args, how.input);
  if (code === 0) return;
  throw new EmbeddedDatabaseError(`The embedded PostgreSQL did not ${verb}: ${lastLines(output, how.logFile)}`);
}

function lastLines(output: string, logFile: string | undefined): string {
  const log = logFile !== undefined && existsSync(logFile) ? readFileSync(logFile, 'utf8') : '';
  return `${output}\n${log}`.trim().split('\n').slice(-8).join('\n');
}

/** Runs a program to its end. A `start` gets the null device as output: the daemon would keep a pipe open for ever. */
export async function exitCode(
  run: Run,
  binary: string,
  args: string[],
  input?: string,
): Promise<{ code: number | null; output: string }> {
  const { command, args: all, options } = run(binary, args);
  const silent = args.includes('start');
  const sink = silent ? openSync('/dev/null', 'w') : 'pipe';
  const child = spawn(command, all, {
    ...options,
    stdio: [input === undefined ? 'ignore' : 'pipe', sink, sink],
    cwd: '/',
  });
  child.stdin?.on('error', ignoreClosed); // The program ended early. Its output says why.
  child.stdin?.end(input);
  if (typeof sink === 'number') closeSync(sink);
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => done({ code, output }));
  });
}

function ignoreClosed(): void {
  // The program has ended. Its exit code is what counts.
}
