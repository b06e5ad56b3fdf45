import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Database } from '../db/database.ts';
import { freeLeases } from '../queue/tasks.ts';
import { type Holder, listHolders } from '../queue/workers.ts';

/**
 * Frees the tasks of the server that had the embedded database before us. Others may share it over its socket: their tasks stay
 * theirs, although their sessions ended with the database.
 */
export async function freeLeasesOfDead(db: Database, log: Logger): Promise<void> {
  const living = (await listHolders(db)).filter(mayLive).map(({ id }) => id);
  const freed = await freeLeases(db, living);
  if (freed > 0) log.warn({ tasks: freed }, 'continuing with tasks that were in hand');
}

function mayLive({ hasSession, host, processId }: Holder): boolean {
  if (hasSession) return true;
  return host === hostname() && processId !== null && processId !== process.pid && isRunning(processId);
}

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0); // asks only
  } catch (error) {
    return Object(error).code === 'EPERM';
  }
}
