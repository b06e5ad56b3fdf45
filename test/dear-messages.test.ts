// Messages whose templates take all the time that a message has: the thread that answers requests goes on answering.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';

/** Counts as long as a message may. */
const dear = `{% for a in (1..9999) %}{% assign x = "y"${' | sha2'.repeat(60)} %}{% endfor %}`;
const webhook = { url: 'https://example.test/', request_method: 'POST', body: dear };
const names = Array.from({ length: 30 }, (_, n) => `p${n}`);

async function givenPeople(app: TestApp): Promise<void> {
  await app.post('/users/track', { attributes: names.map((external_id) => ({ external_id })) });
}

/** Asks for /health until `work` has ended. Returns how often it was answered. */
async function healthDuring(app: TestApp, work: Promise<unknown>): Promise<number> {
  let isOver = false;
  let count = 0;
  const over = work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    assert.equal((await app.get('/health')).status, 200);
    count += 1;
  }
  await over;
  return count;
}

test('thirty dear messages: /health is answered meanwhile, and the dispatch ends when its time is used up', async (t) => {
  const app = await startTestApp(t);
  await givenPeople(app);
  const { body } = await app.post('/messages/send', { external_user_ids: names, messages: { webhook } });
  const sending = (async () => {
    for (let state = ''; state !== 'finished'; ) {
      await app.drain();
      app.clock.advance(1_000); // what there was no time for waits a second
      state = (await app.get(`/dispatches/${body.dispatch_id}`)).body.state;
    }
  })();
  const count = await healthDuring(app, sending);
  assert.ok(count >= 10, `/health was answered ${count} times`);
  const { body: report } = await app.get(`/dispatches/${body.dispatch_id}/recipients?limit=100`);
  const details: string[] = report.recipients.map((one: { status: string; reason: string; detail: string }) => {
    assert.deepEqual([one.status, one.reason], ['aborted', 'render_error']);
    return one.detail;
  });
  assert.equal(details.length, 30);
  assert.deepEqual(
    [...new Set(details.map((detail) => detail.replace(/^.*more than/, 'more than').replace(/, line .*$/, '')))].sort(),
    ['more than 100 ms of processor time', 'the messages of this dispatch have taken 2 s of processor time together'],
  );
});

test('a dry run of dear messages looks at as many people as there is time for', async (t) => {
  const app = await startTestApp(t);
  await givenPeople(app);
  const asked = app.post('/messages/send', {
    external_user_ids: names,
    messages: { webhook },
    cresset: { dry_run: true },
  });
  const count = await healthDuring(app, asked);
  assert.ok(count >= 10, `/health was answered ${count} times`);
  const { status, body } = await asked;
  assert.equal(status, 201);
  assert.ok(body.counts.looked_at > 0 && body.counts.looked_at <= 30);
  assert.equal(body.recipients.length, body.counts.looked_at);
});
