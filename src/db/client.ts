import type { Duplex } from 'node:stream';
import pg from 'pg';
import { clientConfig } from './connection.ts';
import type { Db } from './database.ts';
import { runner } from './statements.ts';

/** One connection, for work that needs the same one throughout. */
export interface Client {
  db: Db;
  /** The driver's client. */
  raw: pg.Client;
  close(): Promise<void>;
}

/** Connects once. Throws the driver's error. */
export async function connectClient(url: string): Promise<Client> {
  const raw = new pg.Client(clientConfig(url));
  raw.on('error', () => undefined); // The statement that runs, or the next one, fails with it.
  await raw.connect();
  return {
    db: runner(({ text, values }) => raw.query({ text, values: [...values] })),
    raw,
    async close() {
      if (!(raw.connection.stream as Duplex).destroyed) await raw.end();
    },
  };
}
