// The server that bench/accept.ts compares with: Fastify, a parsed body, one durable row a request. Ends with its input.
// `/inserted` writes a row with its own statement. `/grouped` writes all rows that wait for a commit together: the ceiling.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { connect } from '../src/db/database.ts';
import { startEmbedded } from '../src/db/embedded/embedded.ts';
import { sql } from '../src/db/sql.ts';
import { createBatcher } from '../src/lib/batcher.ts';

const folder = mkdtempSync(join(tmpdir(), 'cresset-bench-'));
const embedded = await startEmbedded({ dataDir: folder });
const db = connect({ url: embedded.url, max: 20 });
await db.run(
  sql`create table requests (id uuid primary key, body jsonb not null, at timestamptz not null default now())`,
);
const insertTogether = createBatcher<{ id: string; body: unknown }, void>({
  async run(rows) {
    await db.prepared(
      'insert_requests',
      sql`
      insert into requests (id, body)
      select id, body from json_to_recordset(${JSON.stringify(rows)}::json) as x(id uuid, body jsonb)`,
    );
    return rows.map(() => undefined);
  },
  maxItems: 500,
  maxWaiting: 20_000,
  whenFull: () => new Error('too many wait'),
});
const server = Fastify();
server.post('/inserted', async (request, reply) => {
  const id = randomUUID();
  await db.prepared(
    'insert_request',
    sql`insert into requests (id, body) values (${id}, ${JSON.stringify(request.body)}::jsonb)`,
  );
  return reply.code(201).send({ dispatch_id: id, message: 'success' });
});
server.post('/grouped', async (request, reply) => {
  const id = randomUUID();
  await insertTogether({ id, body: request.body });
  return reply.code(201).send({ dispatch_id: id, message: 'success' });
});
process.stdout.write(`${await server.listen({ host: '127.0.0.1', port: 0 })}\n`);
process.stdin.resume().once('end', async () => {
  await server.close();
  await db.close();
  await embedded.stop();
  rmSync(folder, { recursive: true, force: true });
});
