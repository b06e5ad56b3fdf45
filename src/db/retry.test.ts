import assert from 'node:assert/strict';
import test from 'node:test';
import { TestClock } from '../../test/support/clock.ts';
import { RequestError } from '../errors.ts';
import { isLostRace, Outdated, persistently, retry } from './retry.ts';

const refuse = (code: string) => Object.assign(new Error('refused'), { code });

/** A transaction that fails with these errors, one after the other, and then commits. */
function transaction(errors: readonly Error[]) {
  let runs = 0;
  const run = async () => {
    const error = errors[runs];
    runs += 1;
    if (error !== undefined) throw error;
    return 'committed';
  };
  return { run, runs: () => runs };
}

const outcomes: [string, Error, boolean][] = [
  ['that was ended by a deadlock', refuse('40P01'), true],
  ['that another one came before', refuse('40001'), true],
  ['that made a row which another one made', refuse('23505'), true],
  ['that had locked the wrong people', new Outdated('the address of a person changed'), true],
  ['whose row refers to nothing', refuse('23503'), false],
  ['with a value that is none', refuse('22021'), false],
  ['that found the disk full', refuse('53100'), false],
  ['that waited too long for a lock', refuse('55P03'), false],
  ['that took too long', refuse('57014'), false],
  ['that lost its connection', refuse('08006'), false],
  ['with a bug', new TypeError('x is undefined'), false],
];
for (const [which, error, isRunAgain] of outcomes)
  test(`a transaction ${which} is ${isRunAgain ? '' : 'not '}run again`, async () => {
    const { run, runs } = transaction([error]);
    if (isRunAgain) assert.equal(await retry('people', run), 'committed');
    else await assert.rejects(retry('people', run), error);
    assert.equal(runs(), isRunAgain ? 2 : 1);
  });

test('a transaction that loses eight times is given up, and the error names what is contended', async () => {
  const { run, runs } = transaction(Array.from({ length: 20 }, () => refuse('40P01')));
  const refusal = await retry('people', run).catch((error: unknown) => error);
  assert.ok(refusal instanceof RequestError);
  assert.equal(refusal.code, 'unavailable');
  assert.deepEqual(refusal.errors, ['the same people are being changed too often; try again']);
  assert.equal(refusal.retryAfterS, 1);
  assert.ok(isLostRace(refusal.cause));
  assert.equal(runs(), 8);
});

test('a caller may ask for several rounds', async () => {
  const { run, runs } = transaction(Array.from({ length: 12 }, () => refuse('40P01')));
  assert.equal(await retry('people', run, 2), 'committed');
  assert.equal(runs(), 13);
});

const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const full = Object.assign(new Error('no space left'), { code: '53100' });
const broken = new Error('Connection terminated unexpectedly');
const badData = Object.assign(new Error('invalid byte sequence'), { code: '22021' });

/** Work that fails as `fails` says. Each wait moves the clock by 8 s. */
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

test('it waits for a database that is away for ten minutes', async () => {
  const { done, tries, tookS } = work((clock) => (clock.now().getTime() < minutesFromStart(10) ? away : null));
  assert.equal(await done, 'written');
  assert.ok(tries() > 60, `${tries()}`);
  assert.ok(tookS() >= 600 && tookS() < 620, `${tookS()}`);
});

test('it waits for a database whose disk is full', async () => {
  const { done } = work((clock) => (clock.now().getTime() < minutesFromStart(5) ? full : null));
  assert.equal(await done, 'written');
});

test('it tries eight times if the error is not the database being away', async () => {
  const { done, tries } = work(() => broken);
  await assert.rejects(done, broken);
  assert.equal(tries(), 8);
});

test('it does not retry data that cannot be written', async () => {
  const { done, tries } = work(() => badData);
  await assert.rejects(done, badData);
  assert.equal(tries(), 1);
});

test('it stops waiting soon after it is told to stop', async () => {
  const { done, stopping, tries } = work(() => away);
  stopping.abort();
  await assert.rejects(done, away);
  assert.ok(tries() <= 9, `${tries()}`);
});

function minutesFromStart(minutes: number): number {
  return new TestClock().now().getTime() + minutes * 60_000;
}
