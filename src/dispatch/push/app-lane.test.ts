import assert from 'node:assert/strict';
import test from 'node:test';
import { TestClock } from '../../../test/support/clock.ts';
import type { Push, PushOutcome } from '../../channels/push-sender.ts';
import { AppLane } from './app-lane.ts';

test('an urgent push goes ahead of those of a broadcast that wait for the window', async () => {
  const clock = new TestClock();
  const calls: { token: string; answer(outcome: PushOutcome): void }[] = [];
  const lane = new AppLane({
    appId: 'app',
    sender: {
      deliver: ({ token }) => new Promise((answer) => calls.push({ token, answer })),
      close: async () => undefined,
    },
    queue: { closed: () => null, isProbing: () => false, hear: (outcome) => outcome },
    clock,
    callsPerMinute: null,
    onBreakerOpen: () => assert.fail('nothing failed'),
    onSenderError: (error) => assert.fail(String(error)),
  });
  const now = clock.now();
  const rest = { rendered: {}, registeredAt: now, acceptedAt: now, environment: null, pushId: 'p' };
  const deliver = (token: string, isUrgent: boolean) =>
    lane.deliver({ ...rest, token, isUrgent } satisfies Push, new AbortController().signal);
  const sent = [deliver('first', false), deliver('second', false), deliver('third', false)];
  sent.push(deliver('urgent', true), deliver('urgent too', true));
  for (let answered = 0; answered < sent.length; answered += 1) {
    calls[answered]?.answer({ kind: 'accepted', providerId: null });
    await new Promise((next) => setImmediate(next));
  }
  await Promise.all(sent);
  assert.deepEqual(
    calls.map(({ token }) => token),
    ['first', 'urgent', 'urgent too', 'second', 'third'],
  );
});
