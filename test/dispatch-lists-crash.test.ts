// A server that is killed while a list is written as recipients. CRESSET_TEST_LIST=999999: how many people it has.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { dataFolder, type ServerProcess, startServer } from '../rig/process.ts';
import { pause } from '../rig/waiting.ts';
import { connect } from '../src/db/database.ts';
import { attachEmbedded } from '../src/db/embedded/embedded.ts';
import { sql } from '../src/db/sql.ts';
import { holdExpansion } from './support/hold-expansion.ts';
import { givenPopulation } from './support/population.ts';

const PEOPLE = Number(process.env.CRESSET_TEST_LIST ?? 6_000);
const KEY = 'a-key-for-the-list-crash-test';

test(`after kill -9 while a list of ${PEOPLE} is written and a restart, everybody has one message with their own properties`, async (t) => {
  const folder = dataFolder(t);
  const env = { CRESSET_DATA_DIR: folder, PORT: '0', CRESSET_API_KEY: KEY, CRESSET_LOG_LEVEL: 'warn' };
  const first = await startServer(env);
  const url = await attachEmbedded({ dataDir: folder });
  assert.ok(url !== null);
  const db = connect({ url, max: 3 });
  let isHeld = false;
  let goOn: () => Promise<unknown> = () => Promise.resolve();
  t.after(async () => {
    if (isHeld) await goOn();
    // A test that failed has left it running.
    if (first.child.exitCode === null && first.child.signalCode === null) await first.end('SIGKILL');
    await db.close();
  });
  const { id: workspaceId } = await db.one<{ id: number }>(sql`select id from workspaces`);
  await givenPopulation(db, { workspaceId, count: PEOPLE });
  const half = await db.one<{ userId: number }>(sql`
    select user_id as "userId" from profiles where external_id = ${`p${Math.ceil(PEOPLE / 2)}`}`);
  goOn = await holdExpansion(db, half.userId);
  isHeld = true;

  const peak = watchMemory(first);
  const started = performance.now();
  const dispatch = await postList(first);
  const takenMs = performance.now() - started;
  t.diagnostic(`taken in ${(takenMs / 1_000).toFixed(1)} s; most memory of the server: ${peak()} MB`);
  const look = () =>
    db.one<{ targeted: number | null; expanded_at: Date | null; state: string }>(sql`
      select targeted, expanded_at, state from dispatches where id = ${dispatch}`);
  while ((await look()).targeted === null) await pause(10);
  assert.equal(await first.end('SIGKILL'), 'SIGKILL');
  const before = await look();
  assert.equal(before.expanded_at, null, 'it was killed while the list was being written');
  isHeld = false;
  await goOn();

  const restarted = performance.now();
  const second = await startServer(env);
  const peakAfter = watchMemory(second);
  let expandedMs = 0;
  for (let now = await look(); now.state !== 'finished'; now = await look()) {
    if (now.expanded_at !== null && expandedMs === 0) expandedMs = performance.now() - restarted;
    await pause(50);
  }
  const counted = await db.one(sql`
    select (select targeted from dispatches) as targeted, count(*) as rows,
           count(*) filter (where status = 'sent') as sent,
           (select count(*) from sandbox_messages m join profiles p using (bucket, user_id)
             where m.message ->> 'body' = 'Hi ' || substr(p.external_id, 2)) as messages,
           (select count(*) from listed_refusals where reason = 'duplicate') as duplicates,
           (select count(*) from tasks) + (select count(*) from recipient_list_chunks) as left
      from sends`);
  const books = { targeted: PEOPLE + 1, rows: PEOPLE, sent: PEOPLE, messages: PEOPLE, duplicates: 1, left: 0 };
  assert.deepEqual(counted, books);
  const allMs = performance.now() - restarted;
  t.diagnostic(
    `killed when ${before.targeted} were written; expanded ${(expandedMs / 1_000).toFixed(1)} s after the restart, sent after ${(allMs / 1_000).toFixed(1)} s; most memory: ${peakAfter()} MB`,
  );
  assert.equal(await second.end('SIGTERM'), 0);
});

/** Posts the list as a stream, the first person once more at its end. Returns the dispatch id. */
async function postList(server: ServerProcess): Promise<string> {
  const webhook = { url: 'https://example.com/', request_method: 'POST', body: 'Hi {{api_trigger_properties.${n}}}' };
  function* lines(): Generator<string> {
    yield `${JSON.stringify({ messages: { webhook } })}\n`;
    for (let at = 1; at <= PEOPLE; at += 100) {
      const some = Array.from({ length: Math.min(100, PEOPLE - at + 1) }, (_, index) => at + index);
      yield some.map((n) => `{"external_user_id":"p${n}","trigger_properties":{"n":${n}}}\n`).join('');
    }
    yield '{"external_user_id":"p1"}';
  }
  const response = await fetch(`${server.url}/dispatches`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/x-ndjson' },
    body: ReadableStream.from(lines()).pipeThrough(new TextEncoderStream()),
    duplex: 'half',
  });
  const body = (await response.json()) as { dispatch_id: string; lines: number };
  assert.deepEqual([response.status, body.lines], [201, PEOPLE + 1], JSON.stringify(body));
  return body.dispatch_id;
}

/** Looks at the memory of a process now and then. The returned function says the most so far, in MB. */
function watchMemory({ child }: ServerProcess): () => number {
  let most = 0;
  const look = () => {
    const [, kB = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
    most = Math.max(most, Math.round(Number(kB) / 1_024));
  };
  const timer = setInterval(look, 100);
  child.once('exit', () => clearInterval(timer));
  return () => {
    look();
    return most;
  };
}
