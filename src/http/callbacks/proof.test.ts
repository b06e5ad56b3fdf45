import assert from 'node:assert/strict';
import test from 'node:test';
import pino from 'pino';
import { TestClock } from '../../../test/support/clock.ts';
import { headerOf, hmac, isSame, Refusals } from './proof.ts';

test('comparing never throws, whatever came, and an absent secret proves nothing', () => {
  assert.equal(isSame('right', 'right'), true);
  assert.equal(isSame(Buffer.from('right'), 'right'), true);
  for (const given of ['x', '', 'righ', 'rightt', 'a'.repeat(100_000), '\ud800', null, undefined])
    assert.equal(isSame(given, 'right'), false);
  for (const right of ['', null, undefined, Buffer.alloc(0)]) assert.equal(isSame('', right), false);
});

test('an HMAC is over the bytes of its parts', () => {
  const whole = hmac('sha256', 'secret', 'Zoë', Buffer.from(' 😀'));
  assert.deepEqual(whole, hmac('sha256', 'secret', 'Zoë 😀'));
});

test('a header that came twice is no header', () => {
  assert.equal(headerOf({ headers: { a: 'x' } }, 'a'), 'x');
  assert.equal(headerOf({ headers: { a: ['x', 'y'] } }, 'a'), null);
  assert.equal(headerOf({ headers: {} }, 'a'), null);
});

test('refusals of one kind are logged once a minute', () => {
  const lines: string[] = [];
  const clock = new TestClock();
  const refusals = new Refusals({ clock, log: pino({}, { write: (line: string) => lines.push(line) }) });
  const refusal = { provider: 'acme', workspaceId: 1, reason: 'wrong signature' };
  for (let times = 0; times < 100; times += 1) refusals.note(refusal);
  refusals.note({ ...refusal, workspaceId: 2 });
  assert.equal(lines.length, 2);
  clock.advance(60_000);
  refusals.note(refusal);
  assert.equal(lines.length, 3);
});
