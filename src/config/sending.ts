import { availableParallelism } from 'node:os';
import { integer, type Variable } from './variable.ts';

const MOST_TASKS = 1_000_000_000;
const LONGEST_AGE_S = 2_592_000;
const USUAL_THREADS = 4;
const MOST_THREADS = 16;

/** How much may wait, how many threads send, and how long the ledger is kept. null: not set. */
export interface SendingConfig {
  /** Most waiting tasks of the lane `named` before its requests are refused. 0: any number. */
  queueMaxTasks: number;
  /** Longest time, in seconds, that a due task of the lane `named` may wait before requests are refused. 0: any time. */
  queueMaxAgeS: number;
  /** `queueMaxTasks` of the lane `broadcast`. */
  broadcastQueueMaxTasks: number;
  /** `queueMaxAgeS` of the lane `broadcast`. */
  broadcastQueueMaxAgeS: number;
  /** Number of threads of this process that send broadcasts. */
  broadcastThreads: number;
  /** Time for which the ledger is kept, in days. 0: for ever. */
  retentionDays: number;
}

export const sendingVariables: { [K in keyof SendingConfig]: Variable<SendingConfig[K]> } = {
  queueMaxTasks: {
    name: 'CRESSET_QUEUE_MAX_TASKS',
    fallback: 1_000_000,
    shownFallback: '`1000000`',
    expected: `an integer from 0 to ${MOST_TASKS}`,
    meaning:
      'The most sends to named people that may wait, including those to be tried again. While more wait, `/messages/send` answers 503 to such requests. The number is measured once a second (less often if counting takes long), so what comes in the meantime is still accepted. `0`: any number.',
    read: integer(0, MOST_TASKS),
  },
  queueMaxAgeS: {
    name: 'CRESSET_QUEUE_MAX_AGE',
    fallback: 900,
    shownFallback: '`900` (15 minutes)',
    expected: `a number of seconds from 0 to ${LONGEST_AGE_S}`,
    meaning:
      'The longest time, in seconds, that a due send to named people may wait for a worker. While one waits longer, `/messages/send` answers 503 to such requests. `0`: any time.',
    read: integer(0, LONGEST_AGE_S),
  },
  broadcastQueueMaxTasks: {
    name: 'CRESSET_BROADCAST_QUEUE_MAX_TASKS',
    fallback: 100_000,
    shownFallback: '`100000`',
    expected: `an integer from 0 to ${MOST_TASKS}`,
    meaning:
      'The most tasks of broadcasts that may wait. One broadcast makes up to 257 tasks, and others for those that workers have in hand, which count, too. While more wait, `/messages/send` answers 503 to broadcasts. It is measured as above. `0`: any number.',
    read: integer(0, MOST_TASKS),
  },
  broadcastQueueMaxAgeS: {
    name: 'CRESSET_BROADCAST_QUEUE_MAX_AGE',
    fallback: 3_600,
    shownFallback: '`3600` (an hour)',
    expected: `a number of seconds from 0 to ${LONGEST_AGE_S}`,
    meaning:
      'The longest time, in seconds, that a due task of a broadcast may wait for its next turn. While one waits longer, `/messages/send` answers 503 to broadcasts. `0`: any time.',
    read: integer(0, LONGEST_AGE_S),
  },
  broadcastThreads: {
    name: 'CRESSET_BROADCAST_THREADS',
    fallback: Math.min(availableParallelism(), USUAL_THREADS),
    shownFallback: `as many as the machine has processors, at most ${USUAL_THREADS}`,
    expected: `an integer from 1 to ${MOST_THREADS}`,
    meaning:
      'The number of threads of a worker that send broadcasts. While a broadcast is sent, each thread keeps one processor busy and takes about 100 MB of memory. It uses up to 22 connections to the database.',
    read: integer(1, MOST_THREADS),
  },
  retentionDays: {
    name: 'CRESSET_RETENTION_DAYS',
    fallback: 90,
    shownFallback: '`90`',
    expected: 'an integer from 0 to 36500',
    meaning:
      'The number of days for which dispatches, their sends and the messages in the sandbox are kept. A day with an unfinished dispatch is kept longer. `0`: for ever. See [operations.md](operations.md).',
    read: integer(0, 36_500),
  },
};
