import { randomInt } from 'node:crypto';

/** Rows of one number that are counted apart, so that writers do not wait for each other. */
const SHARDS = 16;
/** The row to which housekeeping adds the others. */
export const SUM = -1;

let shard = randomInt(SHARDS);

/** Transactions of one process that run at once count in different rows. */
export function nextShard(): number {
  shard = (shard + 1) % SHARDS;
  return shard;
}
