import assert from 'node:assert/strict';
import test from 'node:test';
import { MovableClock } from '../../lib/movable-clock.ts';
import { type Rehearsal, Rehearsals, TOKEN_MS } from './rehearsals.ts';

function given() {
  const clock = new MovableClock(new Date('2026-03-15T12:00:00Z'));
  const rehearsals = new Rehearsals(clock);
  const keep = (body: string) =>
    rehearsals.keep({ operation: 'POST /messages/send', body, isBroadcast: false, reach: { people: 1, messages: 1 } });
  const sent: Rehearsal[] = [];
  const send = async (rehearsal: Rehearsal) => {
    sent.push(rehearsal);
    return { dispatch_id: String(sent.length) };
  };
  return { clock, rehearsals, keep, sent, send };
}

test('two tokens of one body are two sends, with keys of their own', async () => {
  const { rehearsals, keep, sent, send } = given();
  for (const { token } of [keep('{}'), keep('{}')]) await rehearsals.confirm(token, send);
  assert.notEqual(sent[0]?.idempotencyKey, sent[1]?.idempotencyKey);
  assert.match(sent[0]?.idempotencyKey ?? '', /^cresset-mcp-[\w-]{43}$/);
});

test('a failed confirmation leaves the token, also for those who waited for it', async () => {
  const { rehearsals, keep, send } = given();
  const { token } = keep('{}');
  const fail = () => Promise.reject(new Error('503'));
  const both = await Promise.allSettled([rehearsals.confirm(token, fail), rehearsals.confirm(token, send)]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.deepEqual(await rehearsals.confirm(token, send), { outcome: { dispatch_id: '1' }, isRepeated: false });
  assert.deepEqual(await rehearsals.confirm(token, fail), { outcome: { dispatch_id: '1' }, isRepeated: true });
});

test('an expired token whose send is unclear says how to find out', async () => {
  const { clock, rehearsals, keep, send } = given();
  const { token } = keep('{}');
  const lose = async (rehearsal: Rehearsal) => {
    rehearsal.isUnclear = true;
    throw new Error('no answer');
  };
  await assert.rejects(rehearsals.confirm(token, lose), /no answer/);
  clock.advance(TOKEN_MS);
  for (let count = 0; count < 2; count += 1)
    await assert.rejects(rehearsals.confirm(token, send), /tried without an answer\. .*idempotency_key cresset-mcp-/);
});

test('tokens are bounded by number and by bytes; the oldest go first', async () => {
  const { rehearsals, keep, send } = given();
  const first = keep('{}');
  const second = keep('{}');
  for (let count = 0; count < 49; count += 1) keep('{}');
  await assert.rejects(rehearsals.confirm(first.token, send), /not known here/);
  await rehearsals.confirm(second.token, send);
  const small = keep('{}');
  const large = keep('x'.repeat(17_000_000 - 1));
  await assert.rejects(rehearsals.confirm(small.token, send), /not known here/);
  await assert.rejects(rehearsals.confirm(large.token, send), /not known here/);
});
