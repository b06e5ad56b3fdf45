import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { grantStarts, type Pace, rateAt, type Starts } from './pace.ts';

const START = Date.parse('2027-06-01T00:00:00Z');

test('a ramp rises evenly, and stays at its end', () => {
  const pace: Pace = { per_minute: 1_000, ramp: { from: 100, minutes: 10 } };
  const after = (minutes: number) => rateAt(pace, minutes * 60_000);
  assert.deepEqual([-1, 0, 5, 10, 60].map(after), [100, 100, 550, 1_000, 1_000]);
  assert.equal(rateAt({ per_minute: 10, ramp: { from: 20, minutes: 1 } }, 0), 10, 'it never falls');
});

test('whoever asks whenever, no 60 seconds have more than the pace, and asking at the told time gets something', () => {
  const asks = fc.array(
    fc.record({ afterMs: fc.integer({ min: 0, max: 30_000 }), wanted: fc.integer({ min: 1, max: 3_000 }) }),
    {
      minLength: 1,
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), asks, (per_minute, given) => {
      const pace: Pace = { per_minute, ramp: null };
      let state: Starts = { beganMs: START, nextMs: START, lineMs: START };
      const begun: { at: number; count: number }[] = [];
      let now = START;
      for (const { afterMs, wanted } of given) {
        now += afterMs;
        const grant = grantStarts(state, pace, wanted, now);
        state = { ...state, nextMs: grant.nextMs, lineMs: grant.lineMs };
        assert.ok(grant.granted <= wanted && (grant.againMs === null) === (grant.granted === wanted));
        if (grant.againMs !== null) assert.ok(grant.againMs > now);
        if (grant.granted > 0) begun.push({ at: now, count: grant.granted });
      }
      for (const { at } of begun) {
        const within = begun.filter((one) => one.at >= at && one.at < at + 60_000);
        const count = within.reduce((sum, one) => sum + one.count, 0);
        assert.ok(count <= per_minute, `${count} in the minute from ${at - START} ms`);
      }
      const alone = grantStarts({ ...state, lineMs: START }, pace, 1_000_000, now);
      if (alone.againMs !== null)
        assert.ok(grantStarts({ ...state, ...alone }, pace, 1, Math.ceil(alone.againMs)).granted === 1);
    }),
  );
});

test('one task alone gets all of the pace', () => {
  for (const per_minute of [1, 10, 600, 100_000]) {
    const pace: Pace = { per_minute, ramp: null };
    let state: Starts = { beganMs: START, nextMs: START, lineMs: START };
    let [now, begun] = [START, 0];
    while (now < START + 600_000) {
      const { granted, againMs, ...rest } = grantStarts(state, pace, 1_000_000, now);
      state = { ...state, ...rest };
      begun += granted;
      now = Math.ceil(againMs ?? now);
    }
    assert.ok(begun <= 10 * per_minute && begun >= 10 * per_minute * 0.97, `${begun} of ${10 * per_minute}`);
  }
});
