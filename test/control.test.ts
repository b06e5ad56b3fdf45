// An operator's orders to a running dispatch: cancel, pause, resume, replay.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import fc from 'fast-check';
import { sql } from '../src/db/sql.ts';
import type { Worker } from '../src/dispatch/deliver/worker.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { givenPopulation } from './support/population.ts';
import { startWebhookSink, type WebhookSink } from './support/webhook-sink.ts';

const EVERYBODY = '11111111-1111-4111-8111-111111111111';

interface World {
  app: TestApp;
  sink: WebhookSink;
  send(more?: object): Promise<string>;
  order(id: string, verb: string, body?: object): Promise<{ status: number; body: Record<string, unknown> }>;
  counts(id: string): Promise<{ state: string; targeted: number; webhook: Record<string, number> }>;
}

async function startWorld(
  t: TestContext,
  { people, worker = true, answer = () => 200 }: { people: number; worker?: boolean; answer?: (who: string) => number },
): Promise<World> {
  const sink = await startWebhookSink(t, answer);
  const app = await startTestApp(t, { worker });
  await app.givenWorkspace(`
segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]
rate_limits: { "send_broadcast:/messages/send": 100000, broadcast_per_audience: 100000 }
webhook: { deliver: true, allow: ["${sink.host}"] }`);
  await givenPopulation(app.db, { workspaceId: app.workspaceId, count: people });
  return {
    app,
    sink,
    async send(more = { broadcast: true, segment_id: EVERYBODY }) {
      const messages = { webhook: { url: sink.url, request_method: 'POST' } };
      const { status, body } = await app.post('/messages/send', { messages, ...more });
      assert.equal(status, 201, JSON.stringify(body));
      return body.dispatch_id;
    },
    order: (id, verb, body = {}) => app.post(`/dispatches/${id}/${verb}`, body),
    async counts(id) {
      const { body } = await app.get(`/dispatches/${id}`);
      return { state: body.state, targeted: body.counts.targeted, webhook: body.channels.webhook ?? {} };
    },
  };
}

/** Waits until no work is left. Another process's worker hears of new work by a notification, which takes a moment. */
async function untilDone({ db }: TestApp, ...workers: (Worker | null)[]): Promise<void> {
  for (let open = 1; open > 0; ) {
    await Promise.all(workers.map((worker) => worker?.idle()));
    ({ open } = await db.one<{ open: number }>(sql`select count(*) as open from tasks`));
  }
}

const everyoneOnce = (sink: WebhookSink, people: number) => {
  assert.equal(sink.received.size, people);
  assert.deepEqual(
    [...sink.received].filter(([, times]) => times !== 1),
    [],
  );
};

test('a broadcast cancelled in the middle stops, its counts add up, and a replay reaches everybody else once', async (t) => {
  const people = 1_000;
  const { app, sink, send, order, counts } = await startWorld(t, { people: 2 * people });
  const release = sink.holdAfter(150);
  const id = await send({
    broadcast: true,
    audience: { custom_attribute: { custom_attribute_name: 'plan', comparison: 'equals', value: 'pro' } },
  });
  await sink.until(() => sink.total() >= 150);
  assert.deepEqual((await order(id, 'cancel')).body, { state: 'cancelled', message: 'success' });
  release();
  await app.drain();
  const reached = sink.total();
  assert.ok(reached < people, `${reached} were reached`);
  assert.deepEqual(await counts(id), {
    state: 'cancelled',
    targeted: people,
    webhook: {
      recipients: people,
      attempts: reached,
      attempts_failed: 0,
      attempts_in_flight: 0,
      sent: reached,
      cancelled: people - reached,
    },
  });
  const listed = await app.get(`/dispatches/${id}/recipients?status=cancelled&limit=1`);
  assert.deepEqual([listed.body.recipients[0].status, listed.body.recipients[0].reason], ['cancelled', 'cancelled']);
  assert.equal((await app.get(`/dispatches/${id}/recipients?status=pending`)).body.recipients.length, 0);

  assert.equal((await order(id, 'replay')).body.state, 'sending');
  await app.drain();
  everyoneOnce(sink, people);
  assert.deepEqual(await counts(id), {
    state: 'finished',
    targeted: people,
    webhook: { recipients: people, attempts: people, attempts_failed: 0, attempts_in_flight: 0, sent: people },
  });
});

test('a pause survives a restart, and resuming continues where it stopped', async (t) => {
  const people = 1_000;
  const { app, sink, send, order, counts } = await startWorld(t, { people });
  const release = sink.holdAfter(200);
  const id = await send();
  await sink.until(() => sink.total() >= 200);
  assert.equal((await order(id, 'pause')).body.state, 'paused');
  release();
  await app.drain();
  const reached = sink.total();
  assert.ok(reached < people, `${reached} were reached`);
  const another = await app.startAnotherWorker();
  app.clock.advance(3_600_000);
  await Promise.all([app.drain(), another.worker?.idle()]);
  assert.equal(sink.total(), reached);
  const paused = await counts(id);
  assert.deepEqual([paused.state, paused.webhook.sent, paused.webhook.pending], ['paused', reached, people - reached]);
  await order(id, 'resume');
  await untilDone(app, app.app.worker, another.worker);
  everyoneOnce(sink, people);
  assert.equal((await counts(id)).state, 'finished');
});

test('a dispatch cancelled before anybody has a row counts everybody as cancelled, and a replay sends to all', async (t) => {
  const { app, sink, send, order, counts } = await startWorld(t, { people: 50, worker: false });
  const id = await send();
  await order(id, 'cancel');
  const { worker } = await app.startAnotherWorker();
  await worker?.idle();
  assert.deepEqual(await counts(id), {
    state: 'cancelled',
    targeted: 50,
    webhook: { recipients: 50, attempts: 0, attempts_failed: 0, attempts_in_flight: 0, cancelled: 50 },
  });
  assert.equal(sink.total(), 0);
  await order(id, 'replay');
  await untilDone(app, worker);
  everyoneOnce(sink, 50);
});

test('a dispatch to named people can be cancelled, paused and replayed before they are looked up', async (t) => {
  const { app, sink, send, order, counts } = await startWorld(t, { people: 2, worker: false });
  const named = { external_user_ids: ['p1', 'p2', 'nobody'] };
  const [one, other] = [await send(named), await send(named)];
  await order(one, 'cancel');
  await order(other, 'pause');
  const { worker } = await app.startAnotherWorker();
  await worker?.idle();
  assert.equal(sink.total(), 0);
  assert.equal((await order(one, 'replay', { statuses: ['failed'] })).status, 409);
  assert.equal((await order(one, 'replay')).body.state, 'accepted');
  assert.equal((await order(other, 'resume')).body.state, 'accepted');
  await untilDone(app, worker);
  assert.deepEqual([...sink.received.values()], [2, 2]);
  for (const id of [one, other]) {
    const { state, targeted, webhook } = await counts(id);
    assert.deepEqual([state, targeted, webhook.recipients, webhook.sent], ['finished', 3, 2, 2]);
  }
});

test('a replay retries what failed; what is skipped or sent stays, and what is unknown unless it is named', async (t) => {
  let isBroken = true;
  const answer = (who: string) => (isBroken && who !== 'p1' ? 400 : 200);
  const { app, sink, send, order, counts } = await startWorld(t, { people: 4, answer });
  const id = await send();
  await app.drain();
  for (const status of ['pending', 'sending', 'unknown'])
    await app.db.run(sql`
      update sends set status = ${status}, reason = ${status}
       where user_id = (select user_id from profiles where external_id = 'p2')`);
  await app.db.run(sql`delete from profiles where external_id = 'p4'`);
  isBroken = false;
  assert.deepEqual((await order(id, 'replay', { codes: ['404'] })).body, {
    state: 'finished',
    recipients: 0,
    selectable: [
      { channel: 'webhook', status: 'failed', code: '400', recipients: 2 },
      { channel: 'webhook', status: 'unknown', code: '400', recipients: 1 },
    ],
    message: 'success',
  });
  assert.equal(sink.total(), 1, 'no send failed with this code');
  await order(id, 'replay');
  await app.drain();
  assert.deepEqual(
    [...sink.received],
    [
      ['p1', 1],
      ['p3', 1],
    ],
  );
  assert.deepEqual((await counts(id)).webhook, {
    recipients: 4,
    attempts: 3,
    attempts_failed: 1,
    attempts_in_flight: 0,
    sent: 2,
    unknown: 1,
    unknown_user: 1,
  });
  await order(id, 'replay');
  await app.drain();
  assert.equal(sink.total(), 2, 'nothing is left to be replayed but what is in doubt');
  const named = await order(id, 'replay', { statuses: ['unknown'] });
  assert.deepEqual(named.body, {
    ...{ state: 'sending', recipients: 1, message: 'success' },
    warnings: [
      'statuses: 1 of these sends were unknown, so their people may have the message already and get it a second time',
    ],
  });
  await app.drain();
  assert.equal(sink.received.get('p2'), 1);
  const { sent, unknown, recipients } = (await counts(id)).webhook;
  assert.deepEqual([sent, unknown, recipients], [3, undefined, 4]);
});

test('a replay of failed sends alone leaves cancelled ones cancelled for good', async (t) => {
  const { app, sink, send, order, counts } = await startWorld(t, { people: 4, worker: false });
  const id = await send();
  await order(id, 'pause');
  const { worker } = await app.startAnotherWorker();
  await worker?.idle();
  for (const status of ['sending', 'failed'])
    await app.db.run(sql`
      update sends set status = ${status}, reason = 'gave_up', provider_code = '503'
       where user_id = (select user_id from profiles where external_id = 'p3')`);
  await order(id, 'cancel');
  await order(id, 'replay', { statuses: ['failed'], channels: ['webhook'], codes: ['503'] });
  await untilDone(app, worker);
  assert.deepEqual([...sink.received], [['p3', 1]]);
  assert.deepEqual(await counts(id), {
    state: 'finished',
    targeted: 4,
    webhook: { recipients: 4, attempts: 1, attempts_failed: 0, attempts_in_flight: 0, sent: 1, cancelled: 3 },
  });
});

for (const [state, refused] of [
  ['sending', ['replay']],
  ['paused', ['replay']],
  ['cancelled', ['pause', 'resume']],
  ['finished', ['cancel', 'pause', 'resume']],
  ['failed', ['cancel', 'pause', 'resume', 'replay']],
] as const) {
  test(`a dispatch that is ${state} refuses to ${refused.join(', ')}`, async (t) => {
    const { app, send, order } = await startWorld(t, { people: 1, worker: false });
    const id = await send();
    await app.db.run(sql`update dispatches set state = ${state} where id = ${id}`);
    for (const verb of refused) {
      const { status, body } = await order(id, verb);
      assert.equal(status, 409, verb);
      assert.equal(body.message, 'The dispatch is in another state');
      assert.match(String(body.errors), new RegExp(`^dispatch_id: the dispatch is ${state}; expected`));
    }
  });
}

for (const [verb, first, state] of [
  ['pause', [], 'paused'],
  ['resume', ['pause'], 'accepted'],
  ['cancel', [], 'cancelled'],
] as const) {
  test(`to ${verb} again changes nothing and is no error`, async (t) => {
    const { app, send, order } = await startWorld(t, { people: 3, worker: false });
    const id = await send();
    for (const before of first) await order(id, before);
    const answers = [await order(id, verb)];
    const row = () => app.db.query(sql`select d.*, t.kind, t.run_at from dispatches d left join tasks t on true`);
    const stored = await row();
    app.clock.advance(60_000);
    answers.push(await order(id, verb), await order(id, verb));
    for (const { status, body } of answers) assert.deepEqual([status, body], [201, { state, message: 'success' }]);
    assert.deepEqual(await row(), stored);
  });
}

test('a replay says how many it tries again, and the dispatch remembers every replay', async (t) => {
  const refused = new Map<string, number>();
  const { app, send, order, counts } = await startWorld(t, { people: 30, answer: (who) => refused.get(who) ?? 200 });
  for (const who of ['p3', 'p4', 'p5']) refused.set(who, who === 'p5' ? 410 : 404);
  const id = await send();
  await app.drain();
  const at = app.clock.now().toISOString();
  assert.deepEqual((await order(id, 'replay', { codes: ['503'] })).body, {
    state: 'finished',
    recipients: 0,
    selectable: [
      { channel: 'webhook', status: 'failed', code: '404', recipients: 2 },
      { channel: 'webhook', status: 'failed', code: '410', recipients: 1 },
    ],
    message: 'success',
  });
  assert.equal((await app.get(`/dispatches/${id}`)).body.replays, undefined);
  // A relay's code has several words.
  await app.db.run(sql`update sends set provider_code = '404 5.1.1' where provider_code = '404'`);
  for (const part of ['40', '5.1.1', '404 5'])
    assert.equal((await order(id, 'replay', { codes: [part] })).body.recipients, 0);
  const some = await order(id, 'replay', { codes: ['404'] });
  assert.deepEqual([some.status, some.body], [201, { state: 'sending', recipients: 2, message: 'success' }]);
  await app.drain();
  refused.clear();
  app.clock.advance(1_000);
  assert.equal((await order(id, 'replay')).body.recipients, 3);
  await app.drain();
  const later = app.clock.now().toISOString();
  assert.deepEqual((await app.get(`/dispatches/${id}`)).body.replays, [
    { at, by: { statuses: ['failed'], codes: ['404'] }, recipients: 2, attempts: 2 },
    { at: later, by: { statuses: ['failed'] }, recipients: 3, attempts: 3 },
  ]);
  assert.equal((await counts(id)).webhook.sent, 30);
});

test('a cancelled dispatch is replayed with those who were waiting; before its people are written down nobody is counted', async (t) => {
  const { app, send, order } = await startWorld(t, { people: 4, worker: false });
  const id = await send();
  await order(id, 'cancel');
  assert.deepEqual((await order(id, 'replay')).body, { state: 'accepted', recipients: null, message: 'success' });
  assert.equal((await app.get(`/dispatches/${id}`)).body.replays[0].recipients, null);
});

test('a call under way is in flight, not failed', async (t) => {
  const { app, sink, send, counts } = await startWorld(t, { people: 20 });
  const release = sink.holdAfter(5);
  const id = await send();
  await sink.until(() => sink.total() > 5);
  // The answers that came are recorded in groups.
  let webhook: Record<string, number>;
  do ({ webhook } = await counts(id));
  while ((webhook.sent ?? 0) < 5);
  assert.equal(webhook.attempts_failed, 0);
  assert.ok((webhook.attempts_in_flight ?? 0) > 0);
  assert.equal(webhook.attempts, 5 + (webhook.attempts_in_flight ?? 0));
  release();
  await app.drain();
  const { webhook: after } = await counts(id);
  assert.deepEqual(after, { recipients: 20, attempts: 20, attempts_failed: 0, attempts_in_flight: 0, sent: 20 });
});

test('a replay’s filter is read strictly', async (t) => {
  const { app, send, order } = await startWorld(t, { people: 1 });
  const id = await send();
  await app.drain();
  for (const [body, error] of [
    [{ statuses: ['sent'] }, 'statuses[0]: expected one of failed, aborted, expired, cancelled, unknown'],
    [
      { statuses: ['provider_refused'] },
      'statuses[0]: expected one of failed, aborted, expired, cancelled, unknown; provider_refused is a reason, and the status of its sends is in the list of recipients (?reason=provider_refused)',
    ],
    [{ statuses: 'failed' }, 'statuses: expected an array of 1 to 100 elements, got a text'],
    [{ statuses: [] }, 'statuses: expected an array of 1 to 100 elements, got an array'],
    [{ channels: ['fax'] }, /^channels\[0\]: expected one of/],
    [{ codes: [1] }, "codes[0]: expected one of provider's codes as texts"],
    [{ status: ['failed'] }, 'status: unknown member; expected statuses, channels, codes'],
  ] as const) {
    const answer = await order(id, 'replay', body);
    assert.equal(answer.status, 400);
    const [first] = answer.body.errors as string[];
    if (typeof error === 'string') assert.equal(first, error);
    else assert.match(first ?? '', error);
  }
});

test('nobody gets two messages and nobody is lost, whatever is ordered while two workers run', async (t) => {
  const people = 12;
  let isBroken = false;
  const { app, sink, send, order, counts } = await startWorld(t, { people, answer: () => (isBroken ? 400 : 200) });
  // The user ids are far apart, so that the audience is written in several pieces.
  await app.db.run(sql`update profiles set user_id = user_id * 700, bucket = bucket_of(user_id * 700)`);
  const another = await app.startAnotherWorker();
  const orders = fc.array(
    fc.record({
      verb: fc.constantFrom('cancel', 'pause', 'resume', 'replay', 'break', 'mend'),
      afterTurns: fc.integer({ min: 0, max: 40 }),
      waits: fc.boolean(),
    }),
    { maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(orders, async (given) => {
      sink.received.clear();
      isBroken = false;
      const id = await send();
      const answers: Promise<{ status: number; body: object }>[] = [];
      for (const { verb, afterTurns, waits } of given) {
        for (let turn = 0; turn < afterTurns; turn += 1) await new Promise(setImmediate);
        if (verb === 'break' || verb === 'mend') isBroken = verb === 'break';
        else answers.push(order(id, verb));
        if (waits) await answers.at(-1);
      }
      for (const { status, body } of await Promise.all(answers))
        assert.ok(status === 201 || status === 409, JSON.stringify(body));
      isBroken = false;
      for (let looks = 0; ; looks += 1) {
        const { state, webhook } = await settled();
        if (state === 'paused') await order(id, 'resume');
        else if (state !== 'cancelled' && !webhook.provider_refused) break;
        // A dispatch that was cancelled after everybody had been reached stays cancelled.
        else if ((await order(id, 'replay')).body.recipients === 0) break;
        assert.ok(looks < 10);
      }
      everyoneOnce(sink, people);
      const { state, targeted, webhook } = await counts(id);
      assert.ok(state === 'finished' || state === 'cancelled', state);
      assert.deepEqual([targeted, webhook.recipients, webhook.sent], [people, people, people]);

      async function settled() {
        await untilDone(app, app.app.worker, another.worker);
        return counts(id);
      }
    }),
    { numRuns: Number(process.env.CRESSET_TEST_RUNS ?? 25) },
  );
});
