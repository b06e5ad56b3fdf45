// The worked chains of eligibility.md §8 and the caps of §4.5, over HTTP.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const GROUP = '55555555-5555-4555-8555-555555555555';
const DAY = 86_400_000;

const messages = {
  email: { app_id: APP, from: 'a@acme.test', subject: 's', body: '<p>b</p>' },
  apple_push: { alert: 'a' },
  android_push: { alert: 'a', title: 't' },
  sms: { app_id: APP, subscription_group_id: GROUP, body: 'b' },
  webhook: { url: 'https://example.com/', request_method: 'POST' },
  content_card: { type: 'CLASSIC', title: 't', description: 'd', time_to_live: 60 },
};

async function givenAda(t: Parameters<typeof startTestApp>[0], workspace = ''): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
subscription_groups: [{ id: ${GROUP}, name: Alerts, channel: sms }]
${workspace}`);
  await track(app, {
    email: 'ada@example.test',
    email_subscribe: 'opted_in',
    push_tokens: [{ app_id: APP, token: 'aa11' }],
    phone: '+14155550100',
    subscription_groups: [{ subscription_group_id: GROUP, subscription_state: 'unsubscribed' }],
  });
  return app;
}

async function track(app: TestApp, attributes: object): Promise<void> {
  const { status, body } = await app.post('/users/track', { attributes: [{ external_id: 'ada', ...attributes }] });
  assert.equal(status, 201, JSON.stringify(body));
  assert.equal(body.errors, undefined, JSON.stringify(body));
}

/** Sends a request. Returns `sent` or the reason against it, for each channel. */
async function send(app: TestApp, request: object): Promise<Record<string, string>> {
  const { status, body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages, ...request });
  assert.equal(status, 201, JSON.stringify(body));
  await app.drain();
  const { body: verdicts } = await app.get(`/dispatches/${body.dispatch_id}/recipients`);
  return Object.fromEntries(
    verdicts.recipients.map(({ channel, status: is, reason }: Record<string, string>) => [channel, reason ?? is]),
  );
}

const usual = {
  email: 'sent',
  apple_push: 'sent',
  android_push: 'no_address',
  sms: 'not_in_subscription_group',
  webhook: 'sent',
  content_card: 'sent',
};

test('each recipient_subscription_state admits the right people', async (t) => {
  const app = await givenAda(t);
  assert.deepEqual(await send(app, {}), usual);
  assert.deepEqual(await send(app, { recipient_subscription_state: 'opted_in' }), {
    ...usual,
    apple_push: 'not_opted_in',
  });
  assert.deepEqual(await send(app, { recipient_subscription_state: 'all' }), usual);
});

test('a change of the person changes who is admitted', async (t) => {
  const app = await givenAda(t);
  const only = (channel: keyof typeof messages, state?: string) => ({
    messages: { [channel]: messages[channel] },
    ...(state && { recipient_subscription_state: state }),
  });
  const flag = (column: 'marked_spam_at' | 'hard_bounced_at') =>
    column === 'marked_spam_at'
      ? sql`insert into addresses (workspace_id, kind, address, marked_spam_at) values (${app.workspaceId}, 'email', 'ada@example.test', now())`
      : sql`update addresses set hard_bounced_at = now() where address = 'ada@example.test'`;

  await track(app, { email_subscribe: 'unsubscribed' });
  assert.deepEqual(await send(app, only('email')), { email: 'unsubscribed' });
  assert.deepEqual(await send(app, only('email', 'all')), { email: 'sent' });
  await track(app, { email_subscribe: 'opted_in' });
  await app.db.run(flag('marked_spam_at'));
  assert.deepEqual(await send(app, only('email')), { email: 'marked_spam' });
  assert.deepEqual(await send(app, only('email', 'all')), { email: 'sent' });
  await app.db.run(flag('hard_bounced_at'));
  assert.deepEqual(await send(app, only('email', 'all')), { email: 'hard_bounced' });
  await track(app, { push_subscribe: 'unsubscribed' });
  assert.deepEqual(await send(app, only('apple_push')), { apple_push: 'unsubscribed' });
  await track(app, { push_subscribe: 'opted_in', push_tokens: null });
  assert.deepEqual(await send(app, only('apple_push', 'all')), { apple_push: 'no_address' });
  await track(app, { subscription_groups: [{ subscription_group_id: GROUP, subscription_state: 'subscribed' }] });
  assert.deepEqual(await send(app, only('sms')), { sms: 'sent' });
  await app.db.run(
    sql`insert into addresses (workspace_id, kind, address, invalid_at) values (${app.workspaceId}, 'phone', '+14155550100', now())`,
  );
  assert.deepEqual(await send(app, only('sms')), { sms: 'invalid_phone' });
  await track(app, { phone: null });
  assert.deepEqual(await send(app, only('sms')), { sms: 'no_address' });
});

test('an abort or an error in one channel does not affect the others', async (t) => {
  const app = await givenAda(t);
  const broken = {
    apple_push: messages.apple_push,
    email: { ...messages.email, app_id: APP, subject: '{% if true %}{% abort_message("no") %}{% endif %}' },
    webhook: { ...messages.webhook, body: '{{ 1 | divided_by: 0 }}' },
  };
  await track(app, { email: 'ada2@example.test' });
  assert.deepEqual(await send(app, { messages: broken }), {
    apple_push: 'sent',
    email: 'aborted',
    webhook: 'render_error',
  });
});

const caps = `
frequency_caps:
  - { channel: push, max_sends: 1, period_count: 1, period_unit: days }
  - { channel: email, max_sends: 1, period_count: 1, period_unit: days }
  - { channel: any, max_sends: 2, period_count: 1, period_unit: days }
`;

test('frequency caps behave as in the examples of the specification', async (t) => {
  const app = await givenAda(t, caps);
  await track(app, {
    subscription_groups: [{ subscription_group_id: GROUP, subscription_state: 'subscribed' }],
    time_zone: 'America/New_York',
  });
  const { email, apple_push, sms, webhook, content_card } = messages;
  const aborting = { ...email, body: '{% abort_message() %}' };
  assert.deepEqual(await send(app, { messages: { apple_push, email: aborting } }), {
    apple_push: 'sent',
    email: 'aborted',
  });
  assert.deepEqual(await send(app, { messages: { email } }), { email: 'sent' }, 'only push and any were counted');
  app.clock.advance(DAY);
  assert.deepEqual(await send(app, { messages: { apple_push, email } }), { apple_push: 'sent', email: 'sent' });
  assert.deepEqual(await send(app, { messages: { apple_push } }), { apple_push: 'frequency_capped' });
  assert.deepEqual(await send(app, { messages: { sms } }), { sms: 'sent' });
  assert.deepEqual(await send(app, { messages: { webhook } }), { webhook: 'frequency_capped' });
  assert.deepEqual(await send(app, { messages: { content_card } }), { content_card: 'sent' });
  assert.deepEqual(await send(app, { messages: { email }, override_frequency_capping: 'true' }), { email: 'sent' });
});

test('a push that aborted takes nothing of the cap of pushes', async (t) => {
  const app = await givenAda(t, caps);
  const { apple_push } = messages;
  const aborting = { ...apple_push, alert: '{% abort_message() %}' };
  assert.deepEqual(await send(app, { messages: { apple_push: aborting } }), { apple_push: 'aborted' });
  assert.deepEqual(await send(app, { messages: { apple_push } }), { apple_push: 'sent' });
  assert.deepEqual(await send(app, { messages: { apple_push } }), { apple_push: 'frequency_capped' });
});

test("a day is a calendar day in the person's time zone", async (t) => {
  const app = await givenAda(t, caps);
  await track(app, { time_zone: 'America/New_York' });
  const push = { messages: { apple_push: messages.apple_push } };
  app.clock.advance(Date.parse('2026-03-16T03:50:00Z') - app.clock.now().getTime()); // 23:50 there
  assert.deepEqual(await send(app, push), { apple_push: 'sent' });
  assert.deepEqual(await send(app, push), { apple_push: 'frequency_capped' });
  app.clock.advance(20 * 60_000);
  assert.deepEqual(await send(app, push), { apple_push: 'sent' });
});

test('many concurrent dispatches cannot take more slots than the cap has', async (t) => {
  const app = await givenAda(t, caps);
  const request = { external_user_ids: ['ada'], messages: { email: messages.email } };
  const answers = await Promise.all(Array.from({ length: 40 }, () => app.post('/messages/send', request)));
  await app.drain();
  const verdicts = await Promise.all(answers.map(({ body }) => app.get(`/dispatches/${body.dispatch_id}`)));
  assert.equal(verdicts.filter(({ body }) => body.channels.email.sent === 1).length, 1);
  assert.equal(verdicts.filter(({ body }) => body.channels.email.frequency_capped === 1).length, 39);
});
