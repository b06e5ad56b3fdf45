import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { systemClock } from '../lib/clock.ts';
import type { Api } from './api.ts';
import { serveMcp } from './serve-stdio.ts';

/** A connection whose calls of Cresset end when the test says so. */
function connect(mostWaitMs: number) {
  const [input, output] = [new PassThrough(), new PassThrough({ encoding: 'utf8' })];
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Record<string, unknown>>();
  const seen: { signal?: AbortSignal | undefined } = {};
  const api: Api = {
    url: 'http://cresset.test',
    call(_name, _input, options) {
      seen.signal = options?.signal;
      asked.resolve();
      return answer.promise;
    },
  };
  const troubles: Error[] = [];
  const onTrouble = (error: Error) => troubles.push(error);
  const ended = serveMcp({ api, clock: systemClock, isReadOnly: true, onTrouble, input, output, mostWaitMs });
  const write = (message: object) => input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const clientInfo = { name: 'test', version: '1' };
  write({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } });
  write({ id: 'status', method: 'tools/call', params: { name: 'get_status', arguments: {} } });
  let text = '';
  output.on('data', (chunk) => (text += chunk));
  const ids = () => text.split('\n').flatMap((line) => (line === '' ? [] : JSON.parse(line).id));
  return { input, write, asked: asked.promise, answer: answer.resolve, ended, ids, seen, troubles };
}

test('what is under way when the input ends is answered before the end', { timeout: 10_000 }, async () => {
  const one = connect(60_000);
  await one.asked;
  one.input.end();
  await once(one.input, 'close');
  assert.deepEqual(one.ids(), [1]);
  assert.equal(one.seen.signal?.aborted, false);
  one.answer({ problems: [] });
  await one.ended;
  assert.deepEqual([one.ids(), one.troubles], [[1, 'status'], []]);
});

test('the end of the input waits so long and no longer', { timeout: 10_000 }, async () => {
  const one = connect(1);
  await one.asked;
  one.input.end();
  await one.ended;
  assert.deepEqual([one.ids(), one.seen.signal?.aborted], [[1], true], 'the call is given up');
});

test('a request that was cancelled is not waited for', { timeout: 10_000 }, async () => {
  const one = connect(60_000);
  await one.asked;
  one.write({ method: 'notifications/cancelled', params: { requestId: 'status' } });
  one.input.end();
  await one.ended;
  assert.deepEqual(one.ids(), [1]);
});
