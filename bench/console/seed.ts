import pg from 'pg';
import { clientConfig } from '../../src/db/connection.ts';
import { startEmbedded } from '../../src/db/embedded/embedded.ts';
import { withoutIndexes } from './indexes.ts';
import { seedLedger } from './ledger.ts';
import { seedNumbers } from './numbers.ts';
import { seedPeople } from './people.ts';
import { seedRest } from './rest.ts';

/** How ids of segments begin. Twelve hex digits follow. */
export const SEGMENT_IDS = '0d7c9a52-3b7e-4c5e-9a56-';

/** How much there is. */
export interface Size {
  people: number;
  campaigns: number;
  /** The least number of sends. */
  sends: number;
}

/** Runs one statement after the other. `text`: SQL of this bench alone. */
export interface Session {
  run(text: string): Promise<Record<string, unknown>[]>;
}

/** One connection for each of two processors. */
export interface Seeding {
  size: Size;
  workspaceId: number;
  appId: string;
  /** Runs each statement once, two at a time. */
  both(texts: readonly string[]): Promise<void>;
  one: Session;
}

/**
 * Fills the database of a data folder whose server has stopped. Nothing is flushed to disk meanwhile, and the indexes of
 * what is filled are made afterwards, as they were. Returns the seconds it took.
 */
export async function seed(dataDir: string, size: Size, appId: string): Promise<number> {
  const start = performance.now();
  const database = await startEmbedded({ dataDir, durable: false });
  const clients = await Promise.all([0, 1].map(() => openSession(database.url)));
  try {
    const [one, other] = clients as [Opened, Opened];
    const [{ id: workspaceId } = { id: 0 }] = await one.run('select id from workspaces');
    const seeding = { size, workspaceId: Number(workspaceId), appId, one, both: twoAtATime([one, other]) };
    for (const step of [seedPeople, seedLedger, seedNumbers, seedRest]) {
      const from = performance.now();
      await step(seeding);
      console.error(`${step.name}: ${((performance.now() - from) / 1_000).toFixed(0)} s`);
    }
    await one.run('vacuum (analyze)');
    await one.run('checkpoint');
  } finally {
    for (const client of clients) await client.end();
    await database.stop();
  }
  return (performance.now() - start) / 1_000;
}

/** Fills tables that have no index meanwhile. */
export async function filling(seeding: Seeding, tables: readonly string[], fill: () => Promise<void>): Promise<void> {
  const again = await withoutIndexes(seeding.one, tables);
  await fill();
  await seeding.both(again);
}

interface Opened extends Session {
  end(): Promise<void>;
}

async function openSession(url: string): Promise<Opened> {
  const client = new pg.Client(clientConfig(url));
  await client.connect();
  await client.query(
    `set work_mem = '256MB'; set maintenance_work_mem = '1GB'; set max_parallel_maintenance_workers = 1`,
  );
  return {
    run: async (text) => (await client.query(text)).rows ?? [],
    end: () => client.end(),
  };
}

function twoAtATime(sessions: readonly Session[]): (texts: readonly string[]) => Promise<void> {
  return async (texts) => {
    const waiting = [...texts];
    const work = async (session: Session) => {
      for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) await session.run(text);
    };
    await Promise.all(sessions.map(work));
  };
}
