import { startApp } from '../../src/app.ts';
import { connect } from '../../src/db/database.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createLog } from '../../src/process/log.ts';
import { deriveKey, secretFrom } from '../../src/workspace/secrets.ts';
import { clientOperations, type Document } from '../client/operations.ts';

/** The types of the client, from the document of a server that does nothing else and has no database. */
export async function clientPage(): Promise<string> {
  const db = connect({ url: 'postgres://nobody@127.0.0.1:1/none' });
  const none = () => {
    throw new Error('a document needs no definitions');
  };
  const secret = secretFrom('no secret, as nothing is signed here');
  const unlimited = { maxTasks: 0, maxAgeMs: 0 };
  const app = await startApp({
    ...{
      db,
      clock: systemClock,
      log: createLog({ logLevel: 'error' }),
      catalog: none,
      refreshCatalog: async () => none(),
    },
    ...{
      secret: deriveKey(secret, 'links'),
      sealing: secret,
      publicUrl: 'http://127.0.0.1',
    },
    ...{ bodyLimitBytes: 1, trustedProxyHops: 0, retentionDays: 0 },
    queueLimits: { named: unlimited, broadcast: unlimited },
    roles: { api: false, worker: [] },
  });
  try {
    return clientOperations(app.document() as Document);
  } finally {
    await app.stop();
    await db.close();
  }
}
