import assert from 'node:assert/strict';
import test from 'node:test';
import { newBrowser } from '../../../test/support/web-push.ts';
import { createEncryptors, type Encryptors } from './encryptors.ts';

async function encryptMany(encryptors: Encryptors, count: number) {
  const browser = await newBrowser();
  const jobs = Array.from({ length: count }, (_, index) => Buffer.from(`message ${index} ${'ü'.repeat(index % 50)}`));
  const messages = await Promise.all(jobs.map((plaintext) => encryptors.encrypt({ plaintext, receiver: browser })));
  const read = await Promise.all(messages.map((message) => message && browser.decrypt(message)));
  assert.deepEqual(read, jobs);
}

for (const [threads, count] of [
  [0, 1],
  [0, 100],
  [1, 5],
  [1, 500],
  [3, 1_000],
] as const) {
  test(`${count} messages on ${threads} threads: each browser's own, in order`, async () => {
    const encryptors = createEncryptors(threads);
    await encryptMany(encryptors, count);
    await encryptors.close();
  });
}

test('a key that is not a point of the curve is found, among good ones and alone', async () => {
  const encryptors = createEncryptors(1);
  const browser = await newBrowser();
  const offCurve = { ...browser, p256dh: Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]) };
  const plaintext = Buffer.from('x');
  assert.equal(await encryptors.encrypt({ plaintext, receiver: offCurve }), null);
  const receivers = Array.from({ length: 100 }, (_, index) => (index === 42 ? offCurve : browser));
  const messages = await Promise.all(receivers.map((receiver) => encryptors.encrypt({ plaintext, receiver })));
  assert.deepEqual(
    messages.flatMap((message, index) => (message === null ? [index] : [])),
    [42],
  );
  await encryptors.close();
});

test('the jobs of a failing thread are encrypted all the same', async () => {
  const encryptors = createEncryptors(1);
  const browser = await newBrowser();
  // No caller can make this job. The worker thread throws on it; this thread rejects it.
  const hopeless = { plaintext: Buffer.alloc(5_000), receiver: browser };
  const good = { plaintext: Buffer.from('good'), receiver: browser };
  const outcomes = await Promise.allSettled(
    Array.from({ length: 100 }, (_, index) => encryptors.encrypt(index === 7 ? hopeless : good)),
  );
  assert.deepEqual(
    outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : [])),
    [7],
  );
  await encryptMany(encryptors, 100);
  await encryptors.close();
});
