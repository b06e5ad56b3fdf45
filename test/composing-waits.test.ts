// Composing a message may have to wait, for example for a value that is fetched. Here the real worker sends a text that waits.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import pino from 'pino';
import { ContentDesk } from '../src/connected-content/desk.ts';
import { sql } from '../src/db/sql.ts';
import { noTrackers } from '../src/dispatch/admit/trackers.ts';
import { DispatchCache } from '../src/dispatch/plan/loaded-dispatch.ts';
import type { SendPlan } from '../src/dispatch/plan/send-plan.ts';
import { startWorking } from '../src/dispatch/start-working.ts';
import type { Catalog } from '../src/workspace/catalog.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const webhook = { url: 'https://example.com/', request_method: 'POST', body: 'hi {{${first_name}}}' };
const caps = 'frequency_caps: [{ channel: any, max_sends: 1, period_count: 1, period_unit: days }]';

interface Waits {
  app: TestApp;
  dispatchId: string;
  /** Resolves when this number of messages has begun. */
  begun(count: number): Promise<void>;
  /** Lets every waiting message continue, now and later. */
  release(): void;
  /** Waits until nothing is due. */
  drain(): Promise<void>;
}

/** Sends Ada a webhook whose text waits, with the test's own worker. */
async function givenWaiting(t: TestContext, workspace: string): Promise<Waits> {
  const app = await startTestApp(t, { worker: false });
  await app.givenWorkspace(workspace);
  await app.post('/users/track', { attributes: [{ external_id: 'ada', first_name: 'Ada' }] });
  const { body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook } });
  assert.equal(body.message, 'success', JSON.stringify(body));
  const { id, request } = await app.db.one<{ id: string; request: SendPlan }>(sql`select id, request from dispatches`);
  const cache = new DispatchCache();
  const { messages } = cache.remember(id, request, JSON.stringify(request));
  const gate = Promise.withResolvers<void>();
  let count = 0;
  const heard: { count: number; resolve(): void }[] = [];
  for (const [index, message] of messages.entries()) {
    messages[index] = {
      ...message,
      renderTexts(context) {
        count += 1;
        for (const one of heard) if (one.count <= count) one.resolve();
        return gate.promise.then(() => message.renderTexts(context));
      },
    };
  }
  const catalog: Catalog = {
    workspace: (wanted) => (wanted === app.workspaceId ? app.workspace() : undefined),
    workspaceOfApp: () => undefined,
    workspaceOfGroup: () => undefined,
    takesKeysInBodies: () => false,
    returnPaths: () => new Set<string>(),
    apiKey: () => undefined,
  };
  const { db, clock } = app;
  const log = pino({ level: 'silent' });
  const links = () => {
    throw new Error('nobody asked for links');
  };
  const own = { catalog: () => catalog, lanes: ['named'], publicUrl: 'http://cresset.test' } as const;
  const working = await startWorking(
    { db, clock, log, ...own, meters: app.app.meters, referenceOf: () => 'r' },
    { cache, links, trackers: noTrackers, desk: new ContentDesk({ clock }) },
  );
  app.beforeClose(async () => {
    gate.resolve(); // also after a failed assertion: the worker waits for what it has in hand
    await working.stop();
  });
  return {
    app,
    dispatchId: body.dispatch_id,
    begun: (wanted) =>
      new Promise((resolve) => {
        if (count >= wanted) resolve();
        else heard.push({ count: wanted, resolve });
      }),
    release: gate.resolve,
    drain: () => working.worker.idle(),
  };
}

async function verdictOf({ app, dispatchId }: Waits) {
  const { body } = await app.get(`/dispatches/${dispatchId}/recipients`);
  const [{ status, next_attempt_at, attempts }] = body.recipients;
  return { status, next_attempt_at, attempts };
}

const slots = ({ app }: Waits) => app.db.query(sql`select channel from cap_slots`);

test('nobody is locked while a message waits; then it takes its slot and goes out', async (t) => {
  const waits = await givenWaiting(t, caps);
  await waits.begun(1);
  await waits.app.db.transaction(async (tx) => {
    const rows = await tx.query(sql`select from profiles where external_id = 'ada' for update nowait`);
    assert.equal(rows.length, 1);
  });
  assert.deepEqual([(await verdictOf(waits)).status, await slots(waits)], ['pending', []]);
  waits.release();
  await waits.drain();
  assert.deepEqual(await verdictOf(waits), { status: 'sent', next_attempt_at: null, attempts: 1 });
  assert.deepEqual(await slots(waits), [{ channel: 'webhook' }]);
  const { message } = await waits.app.db.one<{ message: { body: string } }>(sql`select message from sandbox_messages`);
  assert.equal(message.body, 'hi Ada');
});

for (const workspace of [caps, 'segments: []']) {
  test(`a message that waited until its facts were old is composed again from fresh ones (${workspace})`, async (t) => {
    const waits = await givenWaiting(t, workspace);
    await waits.begun(1);
    await waits.app.post('/users/track', { attributes: [{ external_id: 'ada', first_name: 'Augusta' }] });
    waits.app.clock.advance(5_001);
    waits.release();
    await waits.drain();
    const dueAt = new Date(waits.app.clock.now().getTime() + 1_000).toISOString();
    assert.deepEqual(await verdictOf(waits), { status: 'pending', next_attempt_at: dueAt, attempts: 0 });
    assert.deepEqual(await slots(waits), [], 'what waits takes no slot');
    waits.app.clock.advance(1_000);
    await waits.drain();
    assert.deepEqual(await verdictOf(waits), { status: 'sent', next_attempt_at: null, attempts: 1 });
    const { message } = await waits.app.db.one<{ message: { body: string } }>(
      sql`select message from sandbox_messages`,
    );
    assert.equal(message.body, 'hi Augusta');
    assert.equal((await waits.app.get(`/dispatches/${waits.dispatchId}`)).body.state, 'finished');
  });
}
