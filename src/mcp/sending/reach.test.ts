import assert from 'node:assert/strict';
import test from 'node:test';
import { differenceOf, type Reach, reachOf } from './reach.ts';

const refused = { unknown_user: 0, duplicate: 0, not_in_segment: 0, not_in_audience: 0 };
const answer = (counts: object, channels: object) => ({ counts: { ...refused, ...counts }, channels, samples: [] });

test('the reach of a dry run: people who are meant, and messages that would be sent or held', () => {
  const rows: [what: string, answer: object, isBroadcast: boolean, expected: Reach | null][] = [
    [
      'named people, some of whom are unknown',
      answer(
        { targeted: 3, looked_at: 2, unknown_user: 1 },
        { webhook: { recipients: 2, would_be_sent: 1, no_address: 1 } },
      ),
      false,
      { people: 3, messages: 1 },
    ],
    [
      'several channels, with what quiet hours hold',
      answer({ targeted: 1, looked_at: 1 }, { email: { would_be_sent: 1 }, sms: { would_be_held: 1 } }),
      false,
      { people: 1, messages: 2 },
    ],
    [
      'a broadcast whose people were all looked at',
      answer({ targeted: 9, looked_at: 9 }, { email: { would_be_sent: 7 } }),
      true,
      { people: 9, messages: 7 },
    ],
    [
      'a broadcast of which a part was looked at',
      answer({ targeted: 9_000, looked_at: 500 }, { email: { would_be_sent: 400 } }),
      true,
      { people: 9_000, messages: null },
    ],
    ['a notice instead of numbers', { notice: 'The Canvas is paused.', dispatch_id: 'x' }, false, null],
  ];
  for (const [what, given, isBroadcast, expected] of rows)
    assert.deepEqual(reachOf(given, isBroadcast), expected, what);
});

test('a difference counts above 2 %, and below fifty always', () => {
  const rows: [then: Reach, now: Reach, isOther: boolean][] = [
    [{ people: 1_000, messages: null }, { people: 1_020, messages: null }, false],
    [{ people: 1_000, messages: null }, { people: 1_021, messages: null }, true],
    [{ people: 1_000, messages: null }, { people: 979, messages: null }, true],
    [{ people: 49, messages: 49 }, { people: 50, messages: 50 }, true],
    [{ people: 50, messages: 50 }, { people: 51, messages: 51 }, false],
    [{ people: 50, messages: 50 }, { people: 50, messages: 48 }, true],
    [{ people: 0, messages: 0 }, { people: 1, messages: 0 }, true],
    [{ people: 500, messages: 500 }, { people: 501, messages: null }, false],
    [{ people: 2, messages: 2 }, { people: 2, messages: 2 }, false],
  ];
  for (const [then, now, isOther] of rows)
    assert.equal(differenceOf(then, now) !== null, isOther, JSON.stringify([then, now]));
});
