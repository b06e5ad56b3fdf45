import { createHash } from 'node:crypto';
import { chownSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Account } from './account.ts';
import { EmbeddedDatabaseError } from './error.ts';

/** Longest path of a socket: 107 bytes on Linux, 103 on macOS. */
const LONGEST_SOCKET_PATH_BYTES = 103;
const SOCKET_NAME = '.s.PGSQL.5432';

/**
 * Returns the folder of the database's socket, and makes it if it is missing. It is in the data folder, or in the temporary
 * folder if the path would be too long for a socket. Throws EmbeddedDatabaseError when another account owns or may use it.
 */
export function socketFolder(dataDir: string, account: Account | null): string {
  const folder = placeOf(dataDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode, isFolder } = look(folder);
  const ours = process.getuid?.() ?? uid;
  const owner = account?.uid ?? ours;
  // We own it if this start made it; PostgreSQL's account owns it if an earlier start did.
  if (!isFolder || (uid !== ours && uid !== owner) || (mode & 0o077) !== 0)
    throw new EmbeddedDatabaseError(
      `${folder} is not a folder that only this account can use. Remove it, or choose another data folder with CRESSET_DATA_DIR.`,
    );
  if (account !== null) chownSync(folder, account.uid, account.gid);
  return folder;
}

/** Removes a socket folder in the temporary folder, after the database has stopped. */
export function removeSocketFolder(folder: string, dataDir: string): void {
  if (folder !== insideOf(dataDir)) rmSync(folder, { recursive: true, force: true });
}

/**
 * Removes the socket folders in the temporary folder whose databases were killed, and so could not remove them. A folder
 * stays if its database runs, or is just being started, or if another account owns it.
 */
export function removeDeadSocketFolders(account: Account | null): void {
  const owners = [process.getuid?.(), account?.uid];
  for (const name of readdirSync(tmpdir())) {
    if (!/^cresset-[0-9a-f]{16}$/.test(name)) continue;
    const folder = join(tmpdir(), name);
    const lock = join(folder, `${SOCKET_NAME}.lock`);
    const { uid, isFolder } = look(folder);
    if (!isFolder || !owners.includes(uid) || !existsSync(lock)) continue;
    const [processId = ''] = readFileSync(lock, 'utf8').split('\n');
    if (!isRunning(Number(processId))) rmSync(folder, { recursive: true, force: true });
  }
}

function isRunning(processId: number): boolean {
  if (!Number.isInteger(processId) || processId < 1) return false;
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function placeOf(dataDir: string): string {
  const inside = insideOf(dataDir);
  if (Buffer.byteLength(join(inside, SOCKET_NAME)) <= LONGEST_SOCKET_PATH_BYTES) return inside;
  return join(tmpdir(), `cresset-${createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16)}`);
}

function insideOf(dataDir: string): string {
  return resolve(dataDir, 'sockets');
}

/** Looks at the entry itself: a symbolic link is not a folder. */
function look(path: string): { uid: number; mode: number; isFolder: boolean } {
  const entry = lstatSync(path);
  return { uid: entry.uid, mode: entry.mode, isFolder: entry.isDirectory() };
}
