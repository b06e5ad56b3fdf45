// The thread of the doubles, with PostgreSQL and the servers. Only `testing.ts` starts it.
import { randomUUID } from 'node:crypto';
import module from 'node:module';
import { parentPort } from 'node:worker_threads';
import type { Call, CallName, Calls, Reply } from './calls.ts';
import type { Cluster } from './cluster.ts';
import type { Double } from './double.ts';
import type { PreparedDatabases } from './prepared.ts';

// Before the rest is loaded, so that later starts read what this one compiled.
module.enableCompileCache();
// PostgreSQL starts in processes of its own, while this thread loads the server.
const cluster: Promise<Cluster> = import('./cluster.ts').then(({ startCluster, useCluster }) => {
  const shared = process.env.CRESSET_TEST_CLUSTER ?? '';
  return shared === '' ? startCluster() : useCluster(shared);
});
cluster.catch(() => undefined); // whoever calls first gets the error
const [{ Double: DoubleClass }, { prepareDatabases }, { createLog }, { secretFrom }] = await Promise.all([
  import('./double.ts'),
  import('./prepared.ts'),
  import('../process/log.ts'),
  import('../workspace/secrets.ts'),
]);

const log = createLog({ logLevel: 'error' });
const secret = secretFrom(randomUUID());
let databases: Promise<PreparedDatabases> | null = null;
const doubles = new Map<number, Double>();
let opened = 0;

type Answers = {
  [K in CallName]: (...args: Parameters<Calls[K]>) => Promise<ReturnType<Calls[K]>> | ReturnType<Calls[K]>;
};

const answers: Answers = {
  async open(options) {
    databases ??= cluster.then((one) => prepareDatabases(one, { log, secret }));
    const double = await DoubleClass.open({ databases: await databases, log, secret }, options);
    opened += 1;
    doubles.set(opened, double);
    return { id: opened, url: double.url, key: double.key };
  },
  people: (id) => find(id).people(),
  sent: (id, filter) => find(id).sent(filter),
  waitForMessage: (id, wait) => find(id).waitForMessage(wait),
  now: (id) => find(id).now(),
  advance: (id, ms) => find(id).advance(ms),
  reset: (id) => find(id).reset(),
  fail: (id, fault) => find(id).fail(fault),
  lag: (id, ms) => find(id).lag(ms),
  async close(id) {
    const double = doubles.get(id);
    doubles.delete(id);
    await double?.close();
  },
  shareDatabase: async () => (await cluster).url,
  async stop() {
    for (const double of doubles.values()) await double.close();
    await (await databases)?.stop();
    await (await cluster).stop();
  },
};

function find(id: number): Double {
  const double = doubles.get(id);
  if (double === undefined) throw new Error('this double is closed');
  return double;
}

async function reply({ number, name, args }: Call): Promise<Reply> {
  try {
    // The call comes from `testing.ts`, whose types say which arguments belong to which name.
    const answer = answers[name] as (...args: readonly unknown[]) => unknown;
    return { number, value: await answer(...args) };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { number, error: { name: error.name, message: error.message } };
  }
}

parentPort?.on('message', async (call: Call) => {
  parentPort?.postMessage(await reply(call));
  if (call.name === 'stop') parentPort?.close();
});
