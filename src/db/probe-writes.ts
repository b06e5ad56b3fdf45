import pg from 'pg';

const CONNECT_TIMEOUT_MS = 5_000;
const WRITE_TIMEOUT_MS = 10_000;

/** 256 KiB: more than a disk that is full gives, even in pages that exist already. */
const WRITE = `
  begin;
  create table cresset_write_probe as select repeat('x', 2000) as text from generate_series(1, 128);
  rollback`;

/**
 * Writes and takes it back, over a connection of its own: one from before may lead to a session that is read-only still.
 * Throws what the database says.
 */
export async function probeWrites(config: pg.ClientConfig): Promise<void> {
  const client = new pg.Client({
    ...config,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: WRITE_TIMEOUT_MS,
  });
  // A connection that breaks fails the statement as well, and that one is heard.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(WRITE);
  } finally {
    await client.end();
  }
}
