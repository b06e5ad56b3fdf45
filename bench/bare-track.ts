// The server that bench/track.ts compares with: Fastify, a parsed body, one durable upsert of a JSON row a request. Ends
// with its input.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { connect } from '../src/db/database.ts';
import { startEmbedded } from '../src/db/embedded/embedded.ts';
import { sql } from '../src/db/sql.ts';

const folder = mkdtempSync(join(tmpdir(), 'cresset-bench-'));
const embedded = await startEmbedded({ dataDir: folder });
const db = connect({ url: embedded.url, max: 20 });
await db.run(
  sql`create table people (id text primary key, body jsonb not null, at timestamptz not null default now())`,
);
const server = Fastify();
server.post<{ Body: { attributes: { external_id: string }[] } }>('/users/track', async (request, reply) => {
  const [person] = request.body.attributes;
  await db.prepared(
    'upsert_person',
    sql`
    insert into people (id, body) values (${person?.external_id}, ${JSON.stringify(person)}::jsonb)
        on conflict (id) do update set body = people.body || excluded.body, at = now()`,
  );
  return reply.code(201).send({ attributes_processed: 1, message: 'success' });
});
process.stdout.write(`${await server.listen({ host: '127.0.0.1', port: 0 })}\n`);
process.stdin.resume().once('end', async () => {
  await server.close();
  await db.close();
  await embedded.stop();
  rmSync(folder, { recursive: true, force: true });
});
