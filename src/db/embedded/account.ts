import { execFileSync, type SpawnOptions } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The operating system's account that PostgreSQL runs as. */
export interface Account {
  uid: number;
  gid: number;
}

const ACCOUNT = 'cresset';

/**
 * The account to run PostgreSQL as. null: the one that runs this process. PostgreSQL refuses to run as root, so for root
 * an account is made.
 */
export function databaseAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  const known = lookUp(ACCOUNT);
  if (known !== null) return known;
  try {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', ACCOUNT], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (cause) {
    // When two first starts run at once, the other one may have made it.
    const made = lookUp(ACCOUNT);
    if (made !== null) return made;
    const advice = `PostgreSQL does not run as root and the account "${ACCOUNT}" could not be made. Start Cresset as an ordinary user, or set DATABASE_URL.`;
    throw new Error(advice, { cause });
  }
  const made = lookUp(ACCOUNT);
  if (made === null) throw new Error(`useradd made no account "${ACCOUNT}"`);
  return made;
}

function lookUp(name: string): Account | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

export interface Launch {
  command: string;
  args: string[];
  options: SpawnOptions;
}

/**
 * Returns how to start a program as `account`, even if it lies in a folder of root's own (`/root`, a private temporary
 * folder). Such folders are closed to every other account, so the program gets one capability: to read and to search.
 * The securebits keep that capability when the account changes.
 */
export function launcher(account: Account | null, paths: string[]): (binary: string, args: string[]) => Launch {
  if (account === null) return (command, args) => ({ command, args, options: {} });
  const closed = paths.flatMap(parents).find((folder) => !othersMaySearch(folder));
  if (closed === undefined)
    return (command, args) => ({ command, args, options: { uid: account.uid, gid: account.gid } });
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find(isExecutable);
  if (setpriv === undefined) {
    throw new Error(
      `PostgreSQL runs as the account "${ACCOUNT}", which may not enter ${closed}, and this system has no setpriv to allow it. Move the project or the data folder (CRESSET_DATA_DIR), or set DATABASE_URL.`,
    );
  }
  const capability = '-all,+dac_read_search';
  const flags = [
    `--reuid=${account.uid}`,
    `--regid=${account.gid}`,
    '--clear-groups',
    '--securebits=+no_setuid_fixup',
    `--inh-caps=${capability}`,
    `--ambient-caps=${capability}`,
    `--bounding-set=${capability}`,
  ];
  return (binary, args) => ({ command: setpriv, args: [...flags, '--', binary, ...args], options: {} });
}

function parents(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [parent] : [...parents(parent), parent];
}

function othersMaySearch(folder: string): boolean {
  return existsSync(folder) && (statSync(folder).mode & 0o001) !== 0;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
