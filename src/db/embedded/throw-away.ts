import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const IN_MEMORY = '/dev/shm';
/** Room, in bytes, that a small database with its log takes at most. Containers often have 64 MB in memory: too little. */
const USUAL_ROOM = 2 ** 30;

/**
 * Waits for the end of standard input, which comes when this process ends in whatever way. Then it ends the PostgreSQL of the
 * folder at once (SIGQUIT), waits at most 10 seconds for that, and deletes the folder.
 */
const CLEAN_UP = `
cat >/dev/null
file="$1/postgres/postmaster.pid"
if [ -r "$file" ]; then
  read -r pid <"$file"
  kill -QUIT "$pid" 2>/dev/null
  turns=0
  while kill -0 "$pid" 2>/dev/null && [ "$turns" -lt 100 ]; do sleep 0.1; turns=$((turns + 1)); done
fi
rm -rf "$1"`;

export interface ThrowAwayFolder {
  path: string;
  /** Deletes the folder, after ending a PostgreSQL that still runs on it. */
  remove(): Promise<void>;
}

/**
 * Makes a data folder that does not outlive this process, not even one that is killed: a shell that is in no group of ours
 * cleans up. The folder is in memory if there is room.
 */
export function throwAwayFolder(prefix: string): ThrowAwayFolder {
  const path = mkdtempSync(join(quickestFolder(USUAL_ROOM), prefix));
  chmodSync(path, 0o755); // the account of the database must reach what is inside
  const cleaner = spawn('/bin/sh', ['-c', CLEAN_UP, 'cresset-clean-up', path], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  });
  const ended = once(cleaner, 'exit');
  ended.catch(() => undefined); // nobody may wait for it; `remove` does
  cleaner.unref();
  if ('unref' in cleaner.stdin && typeof cleaner.stdin.unref === 'function') cleaner.stdin.unref();
  return {
    path,
    async remove() {
      cleaner.ref();
      cleaner.stdin.end();
      await ended;
    },
  };
}

/** The folder in memory if it has this many bytes free, or else the temporary folder. */
export function quickestFolder(roomBytes: number): string {
  if (!existsSync(IN_MEMORY)) return tmpdir();
  const { bavail, bsize } = statfsSync(IN_MEMORY);
  return bavail * bsize >= roomBytes ? IN_MEMORY : tmpdir();
}
