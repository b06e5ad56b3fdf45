import assert from 'node:assert/strict';
import test from 'node:test';
import { TestClock } from '../../../test/support/clock.ts';
import { WriteWatch } from './write-watch.ts';

const CALM_MS = 2_000;
const refuse = (code: string) => Object.assign(new Error('refused'), { code });

/** A watch whose probes end when and how the test says. */
function start() {
  const clock = new TestClock();
  const told: (string | null)[] = [];
  const errors: Error[] = [];
  let probe = Promise.withResolvers<void>();
  let probes = 0;
  const watch = new WriteWatch({
    clock,
    calmMs: CALM_MS,
    probe() {
      probes += 1;
      return probe.promise;
    },
    renew: () => told.push('renewed'),
    onChange: (refusal) => told.push(refusal?.kind ?? null),
    onError: (error) => errors.push(error),
  });
  return {
    watch,
    clock,
    told,
    errors,
    probes: () => probes,
    /** Ends the running probe: with this error, or successfully. */
    async end(error?: Error) {
      if (error === undefined) probe.resolve();
      else probe.reject(error);
      probe = Promise.withResolvers();
      await new Promise(setImmediate);
    },
  };
}

test('a refusal is reported once, and again when its reason changes', () => {
  const { watch, clock, told } = start();
  watch.failed(refuse('53100'));
  const since = watch.refusal?.since;
  clock.advance(1_000);
  watch.failed(refuse('53100'));
  assert.deepEqual(told, ['disk_full']);
  assert.equal(watch.refusal?.said, 'has no room left on its disk');
  watch.failed(refuse('25006'));
  assert.deepEqual(told, ['disk_full', 'read_only']);
  assert.deepEqual(watch.refusal?.since, since, 'the time of the first refusal, whatever its reason');
});

test('an error that is not a refused write changes nothing', () => {
  const { watch, clock, told, probes } = start();
  for (const code of ['23505', '08006', '57P01', '40P01', 'ECONNREFUSED']) watch.failed(refuse(code));
  clock.advance(10 * CALM_MS);
  assert.deepEqual([told, probes()], [[], 0]);
});

test('only a probe that succeeds ends the refusal', async () => {
  const { watch, clock, told, probes, end } = start();
  watch.failed(refuse('53100'));
  clock.advance(CALM_MS);
  await end(refuse('53100'));
  clock.advance(CALM_MS);
  assert.deepEqual([watch.refusal?.kind, probes()], ['disk_full', 2]);
  await end();
  assert.deepEqual([watch.refusal, told, probes()], [null, ['disk_full', null], 2]);
  clock.advance(10 * CALM_MS);
  assert.equal(probes(), 2, 'no probe while writes are accepted');
});

test('no probe runs while statements are being refused', () => {
  const { watch, clock, probes } = start();
  for (let tries = 0; tries < 10; tries += 1) {
    watch.failed(refuse('53100'));
    clock.advance(CALM_MS - 1);
  }
  assert.equal(probes(), 0);
  clock.advance(1);
  assert.equal(probes(), 1);
});

test('a statement that is refused during a probe outweighs its success', async () => {
  const { watch, clock, told, end } = start();
  watch.failed(refuse('53100'));
  clock.advance(CALM_MS);
  watch.failed(refuse('53100'));
  await end();
  assert.equal(watch.refusal?.kind, 'disk_full');
  clock.advance(CALM_MS);
  await end();
  assert.deepEqual(told, ['disk_full', null]);
});

test('a probe without an answer does not end the refusal', async () => {
  const { watch, clock, told, errors, probes, end } = start();
  watch.failed(refuse('25006'));
  for (const error of [refuse('57P03'), refuse('ECONNREFUSED'), new Error('Connection terminated unexpectedly')]) {
    clock.advance(CALM_MS);
    await end(error);
  }
  assert.deepEqual([watch.refusal?.kind, told, errors, probes()], ['read_only', ['read_only'], [], 3]);
});

test('a role that may not make tables is reported as an error, and ends the refusal', async () => {
  const { watch, clock, told, errors, end } = start();
  watch.failed(refuse('53100'));
  clock.advance(CALM_MS);
  const denied = refuse('42501');
  await end(denied);
  assert.deepEqual([told, errors], [['disk_full', null], [denied]]);
});

test('stopping waits for the running probe and starts no other', async () => {
  const { watch, clock, probes, end } = start();
  watch.failed(refuse('53100'));
  clock.advance(CALM_MS);
  let isStopped = false;
  const stopped = watch.stop().then(() => {
    isStopped = true;
  });
  await new Promise(setImmediate);
  assert.equal(isStopped, false);
  await end(refuse('53100'));
  await stopped;
  watch.failed(refuse('53100'));
  clock.advance(10 * CALM_MS);
  assert.equal(probes(), 1);
});

test('sessions from before a read-only time are renewed before it is over, and believed no more', async () => {
  const { watch, clock, told, end } = start();
  const before = watch.sessions();
  before.failed(refuse('25006'));
  clock.advance(CALM_MS);
  await end();
  assert.deepEqual(told, ['read_only', 'renewed', null]);
  before.failed(refuse('25006'));
  assert.deepEqual(told, ['read_only', 'renewed', null]);
  watch.sessions().failed(refuse('25006'));
  assert.deepEqual(told, ['read_only', 'renewed', null, 'read_only']);
});
