import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startEmbedded } from '../src/db/embedded/embedded.ts';

/** The program `cresset`: the sources, or what `npm test` bundled of them, as the package is. */
export const program = process.env.CRESSET_TEST_PROGRAM ?? fileURLToPath(new URL('../src/main.ts', import.meta.url));

export interface ServerProcess {
  url: string;
  /** What it printed with `--json`. */
  announced: { url: string; health_url?: string; api_key: string | null };
  child: ChildProcess;
  /** Its log so far. */
  log(): string;
  /** Resolves when it has ended, with its exit code or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
  /** Sends a signal and waits for the end. Resolves with the exit code or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

export interface Ended {
  code: number | NodeJS.Signals;
  output: string;
}

/** The servers that run, each with its data folder. */
const running = new Map<ChildProcess, string | undefined>();

/**
 * A data folder for a test. When the test ends, servers that it left behind are killed, because each would keep the process of
 * the test alive, and a database that still runs on it is stopped in order.
 */
export function dataFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-process-'));
  t.after(async () => {
    for (const [child, dataDir] of running) {
      if (dataDir !== folder) continue;
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    // A killed server leaves its database running. It is taken over, and stopped.
    const isRunning = existsSync(join(folder, 'postgres', 'postmaster.pid'));
    if (isRunning) await (await startEmbedded({ dataDir: folder })).stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** The environment of a process that gets no other settings than those a test gives it. */
export function plainEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE } = process.env;
  return { PATH, HOME, ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }) };
}

/**
 * Starts `cresset serve` as a process. Resolves when it runs, or with how it ended. `entry`: of another version. `inGroup`: it
 * begins a process group, as a shell makes one for each command of a terminal.
 */
export async function start(
  env: Record<string, string>,
  entry = program,
  { inGroup = false } = {},
): Promise<ServerProcess | Ended> {
  const child = spawn(process.execPath, [entry, 'serve', '--json'], {
    detached: inGroup,
    env: { ...plainEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.set(child, env.CRESSET_DATA_DIR);
  let out = '';
  let log = '';
  child.stderr.on('data', (chunk) => (log += chunk));
  // Not 'exit', which may come before the last of what it printed.
  const ended = once(child, 'close').then(([code, signal]): number | NodeJS.Signals => {
    running.delete(child);
    return code ?? signal;
  });
  const announced = new Promise<ServerProcess['announced']>((said) => {
    child.stdout.on('data', (chunk) => {
      out += chunk;
      if (out.includes('\n')) said(JSON.parse(out));
    });
  });
  const first = await Promise.race([announced, ended]);
  if (typeof first !== 'object') return { code: first, output: out + log };
  return {
    url: first.url,
    announced: first,
    child,
    ended,
    log: () => log,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** Like `start`, but throws if the server does not start. */
export async function startServer(
  env: Record<string, string>,
  entry = program,
  how: { inGroup?: boolean } = {},
): Promise<ServerProcess> {
  const started = await start(env, entry, how);
  if ('child' in started) return started;
  throw new Error(`the server ended with ${started.code}: ${started.output}`);
}
