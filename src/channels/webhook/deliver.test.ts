import assert from 'node:assert/strict';
import test from 'node:test';
import { startWebhookSink } from '../../../test/support/webhook-sink.ts';
import { createWebhookSender } from './deliver.ts';

test('a webhook that is stopped while its host is looked up is not sent', async (t) => {
  const sink = await startWebhookSink(t);
  const sender = createWebhookSender([sink.host]);
  const stop = new AbortController();
  const send = (path: string) => {
    const rendered = { url: `http://${sink.host}/${path}`, method: 'POST', headers: {}, body: '' } as const;
    return sender.deliver(
      { rendered, address: null, dispatchId: 'd', sendId: 's', reference: 'r', lastWrote: {} },
      stop.signal,
    );
  };
  assert.equal((await send('ada')).kind, 'accepted');
  const looking = send('bob');
  stop.abort();
  assert.deepEqual(await looking, { kind: 'held', untilMs: null, reason: 'stopped' });
  assert.deepEqual([...sink.received.keys()], ['ada']);
});
