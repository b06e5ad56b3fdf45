import assert from 'node:assert/strict';
import test from 'node:test';
import { TestClock } from '../../test/support/clock.ts';
import { persistently } from './persistently.ts';

const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const full = Object.assign(new Error('no space left'), { code: '53100' });
const broken = new Error('Connection terminated unexpectedly');
const badData = Object.assign(new Error('invalid byte sequence'), { code: '22021' });

/** Work that fails until a moment; whatever it waits for, the clock moves on by a second. */
function work(fails: (clock: TestClock) => Error | null) {
  const clock = new TestClock();
  const stopping = new AbortController();
  let tries = 0;
  const start = clock.now().getTime();
  const done = persistently(
    async () => {
      tries += 1;
      const error = fails(clock);
      if (error !== null) throw error;
      return 'written';
    },
    { clock, stopping: stopping.signal, onRetry: () => setImmediate(() => clock.advance(8_000)) },
  );
  return { done, stopping, tries: () => tries, tookS: () => (clock.now().getTime() - start) / 1_000 };
}

test('a database that is away for ten minutes is waited for', async () => {
  const { done, tries, tookS } = work((clock) => (clock.now().getTime() < minutesFromStart(10) ? away : null));
  assert.equal(await done, 'written');
  assert.ok(tries() > 60, `${tries()}`);
  assert.ok(tookS() >= 600 && tookS() < 620, `${tookS()}`);
});

test('so is one without room', async () => {
  const { done } = work((clock) => (clock.now().getTime() < minutesFromStart(5) ? full : null));
  assert.equal(await done, 'written');
});

test('an error that may come again for ever is tried eight times', async () => {
  const { done, tries } = work(() => broken);
  await assert.rejects(done, broken);
  assert.equal(tries(), 8);
});

test('data that cannot be written are not tried again', async () => {
  const { done, tries } = work(() => badData);
  await assert.rejects(done, badData);
  assert.equal(tries(), 1);
});

test('whoever is told to stop does not wait for ever', async () => {
  const { done, stopping, tries } = work(() => away);
  stopping.abort();
  await assert.rejects(done, away);
  assert.ok(tries() <= 9, `${tries()}`);
});

function minutesFromStart(minutes: number): number {
  return new TestClock().now().getTime() + minutes * 60_000;
}
