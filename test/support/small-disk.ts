import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { databaseAccount } from '../../src/db/embedded/account.ts';
import { asSuperuser } from './database.ts';

export interface SmallDisk {
  /** Name of the tablespace on it. */
  name: string;
  /** Fills the disk completely. */
  fill(): void;
  /** Frees the space again. */
  empty(): void;
}

/** A disk of a few megabytes with a tablespace. null: it cannot be mounted, because that requires root. */
export async function mountSmallDisk(t: TestContext): Promise<SmallDisk | null> {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-disk-'));
  chmodSync(folder, 0o755);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder], { stdio: 'pipe' });
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  // This runs after the database that uses the disk is dropped, because hooks run in the order of registration.
  t.after(() => {
    // A backend that has just ended may still hold a file of it.
    execFileSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true });
  });
  const location = join(folder, 'tables');
  mkdirSync(location);
  const account = databaseAccount();
  if (account !== null) chownSync(location, account.uid, account.gid);
  const name = `small_${Date.now()}`;
  await asSuperuser(`create tablespace ${name} owner cresset location '${location}'`);
  const filler = join(folder, 'filler');
  return {
    name,
    fill() {
      const { bavail, bsize } = statfsSync(folder);
      writeFileSync(filler, Buffer.alloc(bavail * bsize));
    },
    empty: () => rmSync(filler),
  };
}
