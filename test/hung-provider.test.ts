// A provider that never answers makes only its own messages wait.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MOST_ROUNDS } from '../src/dispatch/deliver/provider-shares.ts';
import { startTestApp } from './support/app.ts';
import { startWebhookSink } from './support/webhook-sink.ts';

test('a webhook goes out within a second although many others hang', async (t) => {
  const app = await startTestApp(t);
  const [hung, good] = [await startWebhookSink(t), await startWebhookSink(t)];
  await app.givenWorkspace(`webhook: { deliver: true, allow: ["${hung.host}", "${good.host}"] }`);
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const release = hung.holdAfter(0);
  app.beforeClose(async () => release());
  const send = async (url: string) => {
    const { body } = await app.post('/messages/send', {
      external_user_ids: ['ada'],
      messages: { webhook: { url, request_method: 'POST' } },
    });
    assert.equal(body.message, 'success', JSON.stringify(body));
    return body.dispatch_id;
  };
  // Each comes in a round of its own, and holds it until its receiver answers.
  for (let count = 1; count <= 4; count += 1) {
    await send(hung.url);
    await hung.until(() => hung.total() === count);
  }
  await send(good.url);
  app.clock.advance(1_000);
  await good.until(() => good.total() === 1);
  assert.equal(hung.total(), 4);
  release();
  await app.drain();
});

test('a receiver that hangs has its share of the rounds, however many messages wait for it', async (t) => {
  const app = await startTestApp(t);
  const [hung, good] = [await startWebhookSink(t), await startWebhookSink(t)];
  await app.givenWorkspace(`webhook: { deliver: true, allow: ["${hung.host}", "${good.host}"] }`);
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const release = hung.holdAfter(0);
  app.beforeClose(async () => release());
  const send = async (url: string) => {
    const webhook = { url, request_method: 'POST' };
    const { status } = await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook } });
    assert.equal(status, 201);
  };
  for (let count = 1; count <= MOST_ROUNDS; count += 1) {
    await send(hung.url);
    await hung.until(() => hung.total() === count);
    app.clock.advance(1_000); // a round that takes a second lets others start
  }
  for (let count = 0; count < 70; count += 1) await send(hung.url);
  await send(good.url);
  await good.until(() => good.total() === 1);
  assert.equal(hung.total(), MOST_ROUNDS);
  release();
  await app.drain();
  app.clock.advance(1_000);
  await app.drain();
  assert.equal(hung.total(), MOST_ROUNDS + 70);
});
