import assert from 'node:assert/strict';
import test from 'node:test';
import { startWebhookSink } from '../../../test/support/webhook-sink.ts';
import { createWebhookSender } from './deliver.ts';
import { retryWebhook } from './retry.ts';

const START_MS = 1_800_000_000_000;
const signal = new AbortController().signal;

/** A sender whose clock we move, and what it logged. */
function givenSender(host: string) {
  const time = { nowMs: START_MS };
  const logged: [facts: object, text: string][] = [];
  const warn = (facts: object, text: string) => logged.push([facts, text]);
  const sender = createWebhookSender([host], {
    threads: 1,
    nowMs: () => time.nowMs,
    log: { warn, error: warn },
  });
  const send = (url: string, mayBegin = signal) => {
    const rendered = { url, method: 'POST', headers: {}, body: '' } as const;
    return sender.deliver(
      { rendered, address: null, dispatchId: 'd', sendId: 's', reference: 'r', lastWrote: {} },
      mayBegin,
    );
  };
  return { time, logged, send };
}

test('a webhook that is stopped while its host is looked up is not sent', async (t) => {
  const sink = await startWebhookSink(t);
  const { send: sendTo } = givenSender(sink.host);
  const stop = new AbortController();
  const send = (path: string) => sendTo(`http://${sink.host}/${path}`, stop.signal);
  assert.equal((await send('ada')).kind, 'accepted');
  const looking = send('bob');
  stop.abort();
  assert.deepEqual(await looking, { kind: 'held', untilMs: null, reason: 'stopped' });
  assert.deepEqual([...sink.received.keys()], ['ada']);
});

test('a host that failed more than 3,000 times within a minute is not called for a minute, and others are', async (t) => {
  let calls = 0;
  const sink = await startWebhookSink(t, () => {
    calls += 1;
    return calls <= 3_001 ? 503 : 200;
  });
  const { time, logged, send } = givenSender(sink.host);
  const fail = async (count: number) => {
    const outcomes = await Promise.all(Array.from({ length: count }, () => send(`http://${sink.host}/p`)));
    assert.deepEqual([...new Set(outcomes.map((outcome) => 'reason' in outcome && outcome.reason))], ['503']);
  };
  for (let done = 0; done < 3_000; done += 500) await fail(500);
  assert.deepEqual(logged, []);
  time.nowMs += 59_000;
  await fail(1);
  const words = 'the host failed more than 3,000 times within a minute, so it is not called for a minute';
  assert.deepEqual(logged, [[{ host: '127.0.0.1' }, `webhooks: ${words}`]]);
  time.nowMs += 59_999;
  const simulated = { kind: 'retry', reason: '598', detail: words } as const;
  assert.deepEqual(await send(`http://${sink.host}/other/path`), simulated);
  assert.equal(calls, 3_001, 'nothing was sent');
  const elsewhere = await send('http://localhost:1/');
  assert.equal('reason' in elsewhere && elsewhere.reason, 'blocked_target', 'another host is looked at as ever');
  time.nowMs += 1;
  assert.equal((await send(`http://${sink.host}/p`)).kind, 'accepted');
  assert.equal(retryWebhook(simulated.reason).untilMs, 24 * 3_600_000);
});
