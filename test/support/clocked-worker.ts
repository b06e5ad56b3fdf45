// A worker in a process of its own, whose clock the process that started it moves: it may be killed as a whole.
import { startApp } from '../../src/app.ts';
import type { LogLevel } from '../../src/config.ts';
import { connect } from '../../src/db/database.ts';
import { type LaneName, lanes } from '../../src/dispatch/plan/send-plan.ts';
import { createLog } from '../../src/process/log.ts';
import { deriveKey, secretFrom } from '../../src/workspace/secrets.ts';
import { watchCatalog } from '../../src/workspace/watch-catalog.ts';
import { TestClock } from './clock.ts';
import type { WorkerOrder } from './worker-process.ts';

const { WORKER_DATABASE: url = '', WORKER_SECRET: text = '', WORKER_STARTS_AT: startsAt } = process.env;
const secret = secretFrom(text);
const log = createLog({ logLevel: (process.env.CRESSET_TEST_LOG ?? 'silent') as LogLevel });
const db = connect({ url, max: 10 });
const clock = new TestClock(startsAt);
const catalog = await watchCatalog(db, secret, (error) => log.error({ err: error }));
const unlimited = { maxTasks: 0, maxAgeMs: 0 };
const { worker, stop } = await startApp({
  ...{
    db,
    clock,
    log,
    catalog: () => catalog.current(),
    refreshCatalog: () => catalog.refresh(),
    secret: deriveKey(secret, 'links'),
    sealing: secret,
  },
  ...{ publicUrl: 'http://cresset.test', bodyLimitBytes: 1, trustedProxyHops: 0, retentionDays: 0 },
  queueLimits: { named: unlimited, broadcast: unlimited },
  roles: { api: false, worker: Object.keys(lanes) as LaneName[] },
});

async function obey(order: WorkerOrder): Promise<void> {
  if (order.what === 'advance') clock.advance(order.ms);
  else if (order.what === 'idle') await worker?.idle();
  else {
    await stop();
    await catalog.stop();
    await db.close();
    process.exit(0);
  }
}

process.on('message', async (order: WorkerOrder & { number: number }) => {
  await obey(order);
  process.send?.({ done: order.number });
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit(1));
process.send?.({ started: worker?.id });
