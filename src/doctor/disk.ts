import { statfs } from 'node:fs/promises';
import type { Finding } from './finding.ts';

/** Below both, the disk is said to be nearly full. */
const LEAST_FREE_BYTES = 2 * 2 ** 30;
const LEAST_FREE_SHARE = 0.1;

/** Looks at the disk that holds an embedded database. The disk of another database server cannot be seen from here. */
export async function lookAtDisk(folder: string): Promise<Finding[]> {
  const { bavail, blocks, bsize } = await statfs(folder);
  const [free, all] = [bavail * bsize, blocks * bsize];
  if (free >= LEAST_FREE_BYTES || free >= all * LEAST_FREE_SHARE) return [];
  return [
    {
      area: 'disk',
      subject: folder,
      problem: `the disk of the database is nearly full: ${Math.floor(free / 2 ** 20)} MiB are free`,
      known: `statfs ${folder}: ${Math.floor(all / 2 ** 20)} MiB in all`,
      mend: 'Free space or grow the disk. CRESSET_RETENTION_DAYS says how long dispatches are kept. When it is full, sends are refused.',
    },
  ];
}
