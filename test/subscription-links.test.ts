// The links in mails by which a person changes their own subscription.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const DAY_MS = 86_400_000;

/** Sends Ada a mail, and gives back the path of the unsubscribe link in it. */
async function givenLink(t: TestContext): Promise<{ app: TestApp; path: string; state(): Promise<unknown> }> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`apps: [{ id: ${APP}, name: iOS, platform: ios }]\nemail: { default_from: 'a@acme.test' }`);
  await app.post('/users/track', { attributes: [{ external_id: 'ada', email: 'ada@acme.test' }] });
  const email = { app_id: APP, subject: 'Hi', body: '<p>{{${set_user_to_unsubscribed_url}}}</p>' };
  await app.post('/messages/send', { external_user_ids: ['ada'], messages: { email } });
  await app.drain();
  const { body } = await app.get('/sandbox/messages?external_id=ada');
  const link = /http:\/\/cresset\.test(\/s\/[\w.-]+)/.exec(JSON.stringify(body))?.[1];
  assert.ok(link !== undefined, JSON.stringify(body));
  const state = async () => {
    const exported = await app.post('/users/export/ids', {
      external_ids: ['ada'],
      fields_to_export: ['email_subscribe'],
    });
    return exported.body.users[0].email_subscribe;
  };
  return { app, path: link, state };
}

function press(app: TestApp, path: string): Promise<Response> {
  return fetch(app.url + path, { method: 'POST', body: 'List-Unsubscribe=One-Click' });
}

test('opening the link changes nothing; its button and the one-click POST unsubscribe', async (t) => {
  const { app, path, state } = await givenLink(t);
  const page = await fetch(app.url + path);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<form method="post"><button>Unsubscribe<\/button>/);
  assert.equal(await state(), 'subscribed');
  assert.equal((await press(app, path)).status, 200);
  assert.equal(await state(), 'unsubscribed');
});

test('after a one-click unsubscription, verdicts and explanations say that it was from all mails, and when', async (t) => {
  const { app, path } = await givenLink(t);
  const [GROUP, SEGMENT] = ['0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a21', '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a22'];
  const filter = `{ subscription_group: { subscription_group_id: ${GROUP}, comparison: is, value: subscribed } }`;
  await app.givenWorkspace(
    `apps: [{ id: ${APP}, name: iOS, platform: ios }]\nemail: { default_from: 'a@acme.test' }\n` +
      `subscription_groups: [{ id: ${GROUP}, name: News, channel: email }]\n` +
      `segments: [{ id: ${SEGMENT}, name: Readers, filter: ${filter} }]`,
  );
  await app.post('/subscription/status/set', {
    ...{ subscription_group_id: GROUP, subscription_state: 'subscribed', external_id: 'ada' },
  });
  const at = app.clock.now().toISOString();
  assert.equal((await press(app, path)).status, 200);
  const status = await app.get(`/subscription/status/get?subscription_group_id=${GROUP}&external_id=ada`);
  assert.equal(status.body.status.ada, 'Subscribed', 'the stored state of the group stays');

  const why = `subscription group "News" is "unsubscribed" because the person unsubscribed from all mails at ${at}, is subscribed does not hold`;
  const explained = await app.post('/audience/explain', { external_id: 'ada', segment_id: SEGMENT });
  assert.equal(explained.body.detail, `segment.subscription_group: ${why}`);
  const email = { app_id: APP, subject: 'Hi', body: '<p>Hi</p>' };
  const verdicts = async (more: object) => {
    const sent = await app.post('/messages/send', { external_user_ids: ['ada'], messages: { email }, ...more });
    await app.drain();
    const { body } = await app.get(`/dispatches/${sent.body.dispatch_id}/recipients`);
    return body.recipients.map(({ reason, detail }: { reason: string; detail: string }) => [reason, detail]);
  };
  assert.deepEqual(await verdicts({ segment_id: SEGMENT }), [['not_in_segment', `segment.subscription_group: ${why}`]]);
  assert.deepEqual(await verdicts({}), [['unsubscribed', `unsubscribed from all mails at ${at}`]]);
});

test('the page may be framed by nobody, stored nowhere, and tells nobody its address', async (t) => {
  const { app, path } = await givenLink(t);
  for (const answer of [await fetch(app.url + path), await press(app, path), await fetch(`${app.url}/s/x`)]) {
    const policy = answer.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(answer.headers.get('x-frame-options'), 'DENY');
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  }
});

test('a link that somebody changed is not valid, whatever was changed', async (t) => {
  const { app, path, state } = await givenLink(t);
  const parts = path.split('.');
  const changed = parts.map((part, index) => {
    const other = index === parts.length - 1 ? part.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) : `${part}1`;
    return parts.with(index, other).join('.');
  });
  for (const one of [...changed, parts.slice(0, -1).join('.'), `${path}x`, path.replace('/u.', '/s.')])
    assert.equal((await press(app, one)).status, 404, one);
  assert.equal(await state(), 'subscribed');
});

test('a link is good for a year', async (t) => {
  const { app, path, state } = await givenLink(t);
  app.clock.wakeAfter(367 * DAY_MS);
  const late = await press(app, path);
  assert.equal(late.status, 410);
  assert.match(await late.text(), /expired/);
  assert.equal(await state(), 'subscribed');
});

test('the link still works on the last day of its year', async (t) => {
  const { app, path } = await givenLink(t);
  app.clock.wakeAfter(365 * DAY_MS);
  assert.equal((await press(app, path)).status, 200);
});
