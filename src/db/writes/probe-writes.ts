import pg from 'pg';

const CONNECT_TIMEOUT_MS = 5_000;
const WRITE_TIMEOUT_MS = 10_000;

/** Writes 256 KiB, more than a full disk can hold in pages that exist already. */
const WRITE = `
  begin;
  create table cresset_write_probe as select repeat('x', 2000) as text from generate_series(1, 128);
  rollback`;

/**
 * Writes and rolls back, over a new connection, because the session of an older one may still be read-only.
 * Throws the database's error.
 */
export async function probeWrites(config: pg.ClientConfig): Promise<void> {
  const client = new pg.Client({
    ...config,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: WRITE_TIMEOUT_MS,
  });
  // When the connection breaks, the statement fails too, and its error is thrown.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(WRITE);
  } finally {
    await client.end();
  }
}
