// A server process that is killed in the middle of its work, on its own database.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { dataFolder, type ServerProcess, startServer } from '../rig/process.ts';
import { startSmtpSink } from '../rig/smtp-sink.ts';
import { pause } from '../rig/waiting.ts';
import { connect } from '../src/db/database.ts';
import { attachEmbedded } from '../src/db/embedded/embedded.ts';
import { sql } from '../src/db/sql.ts';
import { holdExpansion } from './support/hold-expansion.ts';
import { givenPopulation } from './support/population.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const KEY = 'a-key-for-the-crash-test';
const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const PEOPLE = 5_000;
const IN_HAND = 4 * 200; // concurrent rounds × chunk size

function environment(folder: string, workspace: string): Record<string, string> {
  const file = join(folder, 'workspace.yaml');
  writeFileSync(file, workspace);
  return {
    CRESSET_DATA_DIR: folder,
    PORT: '0',
    CRESSET_API_KEY: KEY,
    CRESSET_WORKSPACE: file,
    CRESSET_LOG_LEVEL: 'warn',
  };
}

async function post(server: ServerProcess, path: string, body: object): Promise<{ dispatch_id: string }> {
  const headers = { authorization: `Bearer ${KEY}` };
  const response = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.equal(response.status, 201, await response.clone().text());
  return (await response.json()) as { dispatch_id: string };
}

test('after kill -9 while 5,000 mails go out and a restart, everybody has a mail and few have two', async (t) => {
  const sink = await startSmtpSink();
  const env = environment(
    dataFolder(t),
    `apps: [{ id: ${APP}, name: iOS, platform: ios }]\nemail: { default_from: a@acme.test, smtp: { url: "${sink.url}" } }\n`,
  );
  const first = await startServer(env);
  const names = Array.from({ length: PEOPLE }, (_, index) => `p${index}`);
  for (let at = 0; at < PEOPLE; at += 75) {
    const attributes = names.slice(at, at + 75).map((name) => ({ external_id: name, email: `${name}@example.test` }));
    await post(first, '/users/track', { attributes });
  }
  const email = { app_id: APP, subject: 'Hi {{${user_id}}}', body: '<p>Hello {{${user_id}}}</p>' };
  const accepted: string[] = [];
  const sending = (async () => {
    for (let at = 0; at < PEOPLE; at += 50) {
      const { dispatch_id } = await post(first, '/messages/send', {
        external_user_ids: names.slice(at, at + 50),
        messages: { email },
      });
      accepted.push(dispatch_id);
    }
  })();
  await sending;
  await sink.until(() => sink.total() >= 1_000);
  assert.equal(await first.end('SIGKILL'), 'SIGKILL');
  const before = sink.total();
  assert.ok(before < PEOPLE, 'it was killed while mails were going out');

  const second = await startServer(env);
  await sink.until(() => sink.received.size === PEOPLE);
  for (const id of accepted) await finished(second, id);
  const duplicates = sink.total() - PEOPLE;
  t.diagnostic(
    `killed after ${before} mails; ${sink.received.size} of ${PEOPLE} people got theirs; duplicates: ${duplicates}`,
  );
  assert.ok(duplicates <= IN_HAND, `${duplicates} duplicates`);
  assert.match(second.log(), /resuming after a crash/);
  assert.equal(await second.end('SIGTERM'), 0);
  await sink.close();
});

test('after kill -9 while an audience of 22,000 is written and a restart, everybody has exactly one row and a mail', async (t) => {
  const people = 22_000;
  const folder = dataFolder(t);
  const env = environment(folder, `segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]\n`);
  const first = await startServer(env);
  const url = await attachEmbedded({ dataDir: folder });
  assert.ok(url !== null);
  const db = connect({ url, max: 2 });
  let open: () => Promise<unknown> = () => Promise.resolve();
  t.after(async () => {
    await open();
    await db.close();
  });
  const { id: workspaceId } = await db.one<{ id: number }>(sql`select id from workspaces`);
  await givenPopulation(db, { workspaceId, count: people });
  open = await holdExpansion(db, 10_000);
  const { dispatch_id } = await post(first, '/messages/send', {
    broadcast: true,
    segment_id: EVERYBODY,
    messages: { webhook: { url: 'https://example.com/', request_method: 'POST' } },
  });
  const look = () =>
    db.one<{ targeted: number | null; expanded_at: Date | null; state: string }>(sql`
      select targeted, expanded_at, state from dispatches where id = ${dispatch_id}`);
  while ((await look()).targeted === null);
  assert.equal(await first.end('SIGKILL'), 'SIGKILL');
  const before = await look();
  assert.equal(before.expanded_at, null, 'it was killed while the audience was being written');
  await open();

  const second = await startServer(env);
  while ((await look()).state !== 'finished') await new Promise((again) => setTimeout(again, 50));
  const counted = await db.one(sql`
    select (select targeted from dispatches) as targeted, count(*) as rows,
           count(*) filter (where status = 'sent') as sent, (select count(*) from sandbox_messages) as messages,
           (select count(*) from tasks) as tasks
      from sends`);
  assert.deepEqual(counted, { targeted: people, rows: people, sent: people, messages: people, tasks: 0 });
  t.diagnostic(`killed when ${before.targeted} of ${people} were written`);
  assert.equal(await second.end('SIGTERM'), 0);
});

/** Waits until the dispatch is finished, a commit after its last mail arrives, and checks that every verdict is `sent`. */
async function finished(server: ServerProcess, id: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${server.url}/dispatches/${id}`, { headers: { authorization: `Bearer ${KEY}` } });
    const body = (await response.json()) as {
      state: string;
      channels: { email: { sent: number; recipients: number } };
    };
    if (body.state === 'finished') {
      assert.deepEqual([body.channels.email.sent, body.channels.email.recipients], [50, 50]);
      return;
    }
    await pause(20);
  }
}
