import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { databaseAccount } from '../../src/db/account.ts';
import type { Db } from '../../src/db/database.ts';
import { raw, sql } from '../../src/db/sql.ts';

export interface SmallDisk {
  /** The tablespace that lies on it. */
  name: string;
  /** Leaves no room on it. */
  fill(): void;
  /** Gives the room back. */
  empty(): void;
}

/** A disk of a few megabytes with a tablespace on it; null where it cannot be mounted, which takes root. */
export async function mountSmallDisk(t: TestContext, db: Db): Promise<SmallDisk | null> {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-disk-'));
  chmodSync(folder, 0o755);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder], { stdio: 'pipe' });
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  // After the database that uses it is gone: hooks run in the order in which they were given.
  t.after(() => {
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true });
  });
  const location = join(folder, 'tables');
  mkdirSync(location);
  const account = databaseAccount();
  if (account !== null) chownSync(location, account.uid, account.gid);
  const name = `small_${Date.now()}`;
  await db.run(sql`${raw(`create tablespace ${name} location '${location}'`)}`);
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
