import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { startTestApp, type TestApp } from '../app.ts';
import type { Answer } from './assistant.ts';

export const GOLD = '11111111-1111-4111-8111-111111111111';
const workspace = `
segments: [{ id: ${GOLD}, name: Gold plan, filter: { custom_attribute: { custom_attribute_name: plan, comparison: equals, value: gold } } }]
campaigns:
  - id: order
    name: Order shipped
    kind: api_triggered
    messages: { webhook: { url: "https://example.com", request_method: POST, body: "Order {{api_trigger_properties.\${id}}}" } }
  - { id: spring, name: Spring, kind: api, variations: [{ id: hook, name: Hook, channel: webhook }] }
`;
export const webhook = { url: 'https://example.com', request_method: 'POST', body: 'Hello {{${first_name}}}' };
export const toAda = { external_user_ids: ['ada'], messages: { webhook } };
export const toGold = { segment_id: GOLD, broadcast: true, messages: { webhook } };
export const rehearsed = (body: object, endpoint = '/messages/send') => ({ endpoint, body });

/** A server with two people: Ada has the gold plan. */
export async function givenApp(t: TestContext): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(workspace);
  await track(app, [
    { external_id: 'ada', first_name: 'Ada', plan: 'gold', email: 'ada@example.test' },
    { external_id: 'bob', first_name: 'Bob', plan: 'free' },
  ]);
  return app;
}

export async function track(app: TestApp, attributes: object[]): Promise<void> {
  const { body } = await app.post('/users/track', { attributes });
  assert.equal(body.message, 'success');
}

export async function dispatchesOf(app: TestApp): Promise<Answer[]> {
  return (await app.get('/dispatches')).body.dispatches;
}

/** The bodies of webhooks that went to the sandbox. */
export async function sentBy(app: TestApp): Promise<string[]> {
  await app.drain();
  return (await app.get('/sandbox/messages')).body.messages.map(({ message }: Answer) => message.body);
}
