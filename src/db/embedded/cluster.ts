import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Account } from './account.ts';
import { EmbeddedDatabaseError } from './error.ts';
import { type Binaries, exitCode, type Run, succeed } from './programs.ts';

export interface NewCluster {
  dataDir: string;
  binaries: Binaries;
  account: Account | null;
  run: Run;
  /** Whether writes are flushed to disk; false only in tests. */
  durable: boolean;
  /** Only for tests. Default: a random password that is not kept. */
  superuserPassword?: string | undefined;
}

/**
 * The role that servers use. It owns the database `cresset`, but is no superuser, so it cannot read the machine's files.
 */
const ROLE = 'cresset';

/**
 * Makes the cluster of a data folder: in a folder beside it, which is renamed once the cluster is complete. A start that is
 * killed in the middle leaves no half-made cluster.
 */
export async function initialise({ dataDir, ...options }: NewCluster): Promise<void> {
  const { binaries, account, run, durable } = options;
  const fresh = resolve(dataDir, 'postgres.new');
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  if (account !== null) chownSync(fresh, account.uid, account.gid);
  const password = randomPassword();
  await initdb(fresh, options);
  const statements = [
    // One round is enough, because nobody can guess a password of 192 random bits.
    ifKnown(
      "select from pg_settings where name = 'scram_iterations'",
      "perform set_config('scram_iterations', '1', false)",
    ),
    `create role ${ROLE} login createdb password '${password}'`,
    `grant pg_checkpoint to ${ROLE}`,
    // Lets it drop a database that is being vacuumed.
    ifKnown(
      "select from pg_roles where rolname = 'pg_signal_autovacuum_worker'",
      `grant pg_signal_autovacuum_worker to ${ROLE}`,
    ),
    `create database ${ROLE} owner ${ROLE}`,
  ];
  const flags = ['--single', '-j', '-c', 'exit_on_error=on', '-D', fresh, ...(durable ? [] : ['-F']), 'postgres'];
  const input = statements
    .map(
      (statement) => `${statement};

`,
    )
    .join('');
  await succeed(run, binaries.postgres, flags, 'make its first database', { input });
  writeFileSync(passwordFile(dataDir), password, { mode: 0o600 });
  renameSync(fresh, resolve(dataDir, 'postgres'));
}

/** Runs the statement only if `isKnown` holds: an older PostgreSQL does not know the setting or role. */
function ifKnown(isKnown: string, statement: string): string {
  return `do $$ begin if exists (${isKnown}) then ${statement}; end if; end $$`;
}

async function initdb(
  cluster: string,
  { binaries, account, run, durable, superuserPassword = randomPassword() }: Omit<NewCluster, 'dataDir'>,
): Promise<void> {
  const superuserPasswordFile = `${cluster}.superuser`;
  writeFileSync(superuserPasswordFile, superuserPassword, { mode: 0o600 });
  if (account !== null) chownSync(superuserPasswordFile, account.uid, account.gid);
  const flags = [
    ...['--username=postgres', `--pwfile=${superuserPasswordFile}`, '--auth=scram-sha-256'],
    ...['--encoding=UTF8', '--locale=C.UTF-8', ...(await comparison({ binaries, run }))],
    ...(durable ? [] : ['--no-sync']),
  ];
  try {
    await succeed(run, binaries.initdb, ['-D', cluster, ...flags], 'initialise');
  } finally {
    rmSync(superuserPasswordFile);
  }
}

/**
 * Texts are compared and changed in case by PostgreSQL itself, by code point and the rules of Unicode, where it can
 * (from 17 on). The operating system's `C.UTF-8` has the same order, and needs half as much time again for an index of
 * names (decision 95).
 */
async function comparison({ binaries, run }: Pick<NewCluster, 'binaries' | 'run'>): Promise<string[]> {
  const { output } = await exitCode(run, binaries.initdb, ['--version']);
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(output)?.[1] ?? 0);
  return major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : [];
}

/** Reads the password of the role that servers use. Throws EmbeddedDatabaseError when the data folder has none. */
export function readPassword(dataDir: string): string {
  const file = passwordFile(dataDir);
  if (existsSync(file)) return readFileSync(file, 'utf8');
  throw new EmbeddedDatabaseError(
    `${file} is missing, without which the database in ${resolve(dataDir)} cannot be used. Restore it with the rest of the data folder.`,
  );
}

function passwordFile(dataDir: string): string {
  return join(resolve(dataDir), 'database-password');
}

function randomPassword(): string {
  return randomBytes(24).toString('base64url');
}
