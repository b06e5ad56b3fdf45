import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { wallClock } from '../../lib/time/time-zone.ts';
import { heldBy, type QuietRule, quietAt } from './quiet-hours.ts';

const rule = (from: string, until: string, action: QuietRule['action'] = 'hold'): QuietRule => ({
  of: 'workspace',
  ...{ from, until, action },
});

const untilOf = (zone: string, at: string, ...rules: QuietRule[]) =>
  heldBy(rules, zone, new Date(at))?.until?.toISOString() ?? null;

for (const [what, zone, at, from, until, expected] of [
  ['05:30 is held until 06:00', 'Europe/Vienna', '2027-06-01T03:30:00Z', '22:00', '06:00', '2027-06-01T04:00:00.000Z'],
  ['06:00 is free', 'Europe/Vienna', '2027-06-01T04:00:00Z', '22:00', '06:00', null],
  ['22:00 is held', 'Europe/Vienna', '2027-06-01T20:00:00Z', '22:00', '06:00', '2027-06-02T04:00:00.000Z'],
  ['12:00 is free', 'Europe/Vienna', '2027-06-01T10:00:00Z', '22:00', '06:00', null],
  ['21:59:59 is free', 'Europe/Vienna', '2027-06-01T19:59:59Z', '22:00', '06:00', null],
  ['summer in New York', 'America/New_York', '2027-07-02T02:30:00Z', '22:00', '08:00', '2027-07-02T12:00:00.000Z'],
  ['winter in New York', 'America/New_York', '2027-01-15T03:30:00Z', '22:00', '08:00', '2027-01-15T13:00:00.000Z'],
  ['a window within a day', 'Asia/Kolkata', '2027-06-01T07:00:00Z', '12:00', '14:00', '2027-06-01T08:30:00.000Z'],
  ['clocks go on by an hour', 'Europe/Vienna', '2027-03-27T22:00:00Z', '22:00', '06:00', '2027-03-28T04:00:00.000Z'],
  ['clocks go back by an hour', 'Europe/Vienna', '2027-10-30T21:00:00Z', '22:00', '06:00', '2027-10-31T05:00:00.000Z'],
  ['the end is skipped', 'Europe/Vienna', '2027-03-28T00:30:00Z', '22:00', '02:30', '2027-03-28T01:00:00.000Z'],
  ['the end is shown twice', 'Europe/Vienna', '2027-10-31T00:00:00Z', '22:00', '02:30', '2027-10-31T00:30:00.000Z'],
  ['the end, the second time', 'Europe/Vienna', '2027-10-31T01:10:00Z', '22:00', '02:30', '2027-10-31T01:30:00.000Z'],
  ['half an hour', 'Australia/Lord_Howe', '2027-10-02T13:00:00Z', '22:00', '06:00', '2027-10-02T19:00:00.000Z'],
] as const) {
  test(`quiet hours: ${what}`, () => {
    assert.equal(untilOf(zone, at, rule(from, until)), expected);
  });
}

test('windows that meet hold until the last of them ends; those that leave no time hold for ever', () => {
  assert.equal(
    untilOf('UTC', '2027-06-01T21:00:00Z', rule('20:00', '06:00'), rule('06:00', '09:00')),
    '2027-06-02T09:00:00.000Z',
  );
  const endless = [rule('20:00', '10:00'), rule('09:00', '21:00')];
  assert.deepEqual(heldBy(endless, 'UTC', new Date('2027-06-01T21:00:00Z')), { rule: endless[0], until: null });
});

test('a window that drops wins, but not before it begins', () => {
  const [night, morning] = [rule('20:00', '06:00'), rule('06:00', '09:00', 'drop')];
  const ruleAt = (at: string) => heldBy([night, morning], 'UTC', new Date(at));
  assert.deepEqual(ruleAt('2027-06-01T21:00:00Z'), { rule: night, until: new Date('2027-06-02T06:00:00Z') });
  assert.equal(ruleAt('2027-06-02T07:00:00Z')?.rule, morning);
});

test('the end is the first minute at which the clock shows a time outside, in every zone and over every change', () => {
  const zones = [
    'Europe/Vienna',
    'America/New_York',
    'Australia/Lord_Howe',
    'America/Santiago',
    'Asia/Kathmandu',
    'America/Nuuk',
    'UTC',
  ];
  const minute = fc.integer({ min: 0, max: 1_439 });
  const text = (of: number) => `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`;
  const at = fc.oneof(
    fc.integer({ min: Date.parse('2027-01-01'), max: Date.parse('2028-01-01') }),
    ...['2027-03-27', '2027-10-30', '2027-04-03', '2027-10-02', '2027-09-04'].map((day) =>
      fc.integer({ min: Date.parse(day), max: Date.parse(day) + 2 * 86_400_000 }),
    ),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      at,
      minute,
      fc.integer({ min: 1, max: 1_200 }),
      (zone, ms, first, length) => {
        const after = (first + length) % 1_440;
        const shown = (instant: number) => {
          const [, , , hour = 0, of = 0] = wallClock(new Date(instant), zone);
          return hour * 60 + of;
        };
        const isWithin = (of: number) => (first < after ? first <= of && of < after : first <= of || of < after);
        const quiet = quietAt(rule(text(first), text(after)), zone, new Date(ms));
        assert.equal(quiet !== null, isWithin(shown(ms)));
        if (quiet === null) return;
        assert.equal(isWithin(shown(quiet.until.getTime())), false, 'it is over');
        assert.equal(isWithin(shown(quiet.until.getTime() - 1)), true, 'it was not before');
        for (let instant = ms; instant < quiet.until.getTime(); instant += 600_000) assert.ok(isWithin(shown(instant)));
      },
    ),
  );
});
