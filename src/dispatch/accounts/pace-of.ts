import type { Logger } from 'pino';
import type { Db } from '../../db/database.ts';
import type { Clock } from '../../lib/clock.ts';
import type { LaneName } from '../plan/send-plan.ts';
import { type Quota, reserveCalls } from './call-quotas.ts';
import type { PaceOptions } from './pace.ts';

export interface PaceParts {
  db: Db;
  /** The lane of the messages. A worker of both lanes counts as `broadcast`. */
  traffic: LaneName;
  clock: Clock;
  log: Logger;
}

/** What keeps an account's calls to its quota, across all processes. `facts`: the account, for the log. null: no quota. */
export function paceOf(
  { db, traffic, clock, log }: PaceParts,
  quota: Quota | null,
  facts: object,
): Omit<PaceOptions, 'onReady'> | null {
  if (quota === null) return null;
  return {
    ...{ quota, traffic, clock },
    reserve: (wanted) => reserveCalls(db, wanted),
    onTrouble: (error) =>
      error === null
        ? log.info(facts, 'an account is called again: its quota can be counted')
        : log.error({ err: error, ...facts }, 'the quota of an account cannot be counted; its calls wait'),
  };
}
