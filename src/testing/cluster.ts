import { connect, type Database } from '../db/database.ts';
import { startEmbedded } from '../db/embedded/embedded.ts';
import { throwAwayFolder } from '../db/embedded/throw-away.ts';
import { endAll } from '../lib/end-all.ts';
import { type Copy, copyTemplate, dropDatabase, makeTemplate } from './databases.ts';

/** A workspace has at most 10 connections, of which 2 listen: enough for 150 at once, and as many prepared ones. */
const MOST_CONNECTIONS = 2_000;

/** A PostgreSQL with a template of an empty database. */
export interface Cluster {
  url: string;
  copy(): Promise<Copy>;
  drop(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a PostgreSQL whose data is deleted when this process ends, however it ends. */
export async function startCluster(): Promise<Cluster> {
  const folder = throwAwayFolder('cresset-testing-');
  try {
    const embedded = await startEmbedded({ dataDir: folder.path, durable: false, maxConnections: MOST_CONNECTIONS });
    await makeTemplate(embedded.url, new Date());
    return useCluster(embedded.url, () =>
      endAll(
        () => embedded.stop(),
        () => folder.remove(),
      ),
    );
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** Uses a PostgreSQL that another process started with `startCluster`. `end`: ends what was started for it. */
export function useCluster(url: string, end: () => Promise<void> = async () => undefined): Cluster {
  const admin: Database = connect({ url, max: 2 });
  return {
    url,
    copy: () => copyTemplate(admin, url),
    drop: (name) => dropDatabase(admin, name),
    stop: () => endAll(() => admin.close(), end),
  };
}
