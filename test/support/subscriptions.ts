// What the tests of the subscription endpoints share: a workspace with groups, and short calls.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { startTestApp, type TestApp } from './app.ts';

export const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const NEWS = '22222222-2222-4222-8222-222222222222';
export const OFFERS = '33333333-3333-4333-8333-333333333333';
export const TEXTS = '55555555-5555-4555-8555-555555555555';
export const CHATS = '66666666-6666-4666-8666-666666666666';
export const OLD = '77777777-7777-4777-8777-777777777777';
export const [on, off] = ['subscribed', 'unsubscribed'];
export const done = { message: 'success' };

export async function start(t: TestContext): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
subscription_groups:
  - { id: ${NEWS}, name: News, channel: email }
  - { id: ${OFFERS}, name: Offers, channel: email }
  - { id: ${TEXTS}, name: Texts, channel: sms }
  - { id: ${CHATS}, name: Chats, channel: whatsapp }
  - { id: ${OLD}, name: Old, channel: email, archived: true }`);
  return app;
}

export async function track(app: TestApp, ...attributes: object[]): Promise<void> {
  const { status, body } = await app.post('/users/track', { attributes });
  assert.deepEqual([status, body], [201, { attributes_processed: attributes.length, message: 'success' }]);
}

export async function set(app: TestApp, body: object): Promise<void> {
  const answer = await app.post('/subscription/status/set', body);
  assert.deepEqual([answer.status, answer.body], [201, done], JSON.stringify(body));
}

export const change = (subscription_group_id: string, subscription_state: string | undefined, who: object = {}) => ({
  ...{ subscription_group_id, subscription_state },
  ...who,
});

export async function setAll(app: TestApp, ...subscription_groups: object[]): Promise<void> {
  const answer = await app.post('/v2/subscription/status/set', { subscription_groups });
  assert.deepEqual([answer.status, answer.body], [201, done], JSON.stringify(subscription_groups));
}

/** The states in a group by external id. */
export async function statesOf(app: TestApp, group: string, ...ids: string[]): Promise<string[]> {
  const query = ids.map((id) => `external_id[]=${encodeURIComponent(id)}`).join('&');
  const { status, body } = await app.get(`/subscription/status/get?subscription_group_id=${group}&${query}`);
  assert.deepEqual([status, body.message], [200, 'success'], JSON.stringify(body));
  return ids.map((id) => body.status[id]);
}
