import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { wallClock, zonedTime } from './time-zone.ts';

for (const [zone, wall, instant, why] of [
  ['America/Vancouver', '2027-01-15T09:00', '2027-01-15T16:00', 'no clock change any more'],
  ['Africa/Casablanca', '2026-12-15T09:00', '2026-12-15T09:00', 'no clock change any more'],
  ['Europe/Vienna', '2027-10-31T02:30', '2027-10-31T00:30', 'the first of two'],
  ['Europe/Vienna', '2027-10-31T03:00', '2027-10-31T02:00', 'after the repeated hour'],
  ['Europe/Vienna', '2027-03-28T02:30', '2027-03-28T01:30', 'skipped: 03:30 local'],
  ['Europe/Vienna', '2027-03-28T02:00', '2027-03-28T01:00', 'the first skipped moment'],
  ['America/New_York', '2027-03-14T02:30', '2027-03-14T07:30', 'skipped: 03:30 local'],
  ['America/New_York', '2027-11-07T01:30', '2027-11-07T05:30', 'the first of two'],
  ['America/Santiago', '2027-09-05T00:30', '2027-09-05T04:30', 'a day without midnight'],
  ['America/Santiago', '2027-09-05T00:00', '2027-09-05T04:00', 'such a day begins at 01:00'],
  ['Australia/Lord_Howe', '2027-10-03T02:15', '2027-10-02T15:45', 'a gap of half an hour'],
  ['Australia/Lord_Howe', '2027-04-04T01:45', '2027-04-03T14:45', 'the first of two, half an hour apart'],
  ['America/Nuuk', '2027-03-27T23:30', '2027-03-28T01:30', 'the gap ends on the next day'],
  ['Pacific/Apia', '2011-12-30T09:00', '2011-12-30T19:00', 'a skipped day'],
  ['Pacific/Kiritimati', '2027-06-10T00:00', '2027-06-09T10:00', 'the first zone'],
  ['Etc/GMT+12', '2027-06-10T00:00', '2027-06-10T12:00', 'the last zone'],
] as const) {
  test(`${wall} in ${zone}: ${why}`, () => {
    assert.equal(zonedTime(new Date(`${wall}:00Z`), zone).toISOString(), `${instant}:00.000Z`);
  });
}

test('a local time that exists is shown by the clocks of its zone at the instant', () => {
  const zones = ['Europe/Vienna', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kolkata', 'Africa/Casablanca'];
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 40 * 525_600 }), (zone, minute) => {
      const at = new Date(Date.UTC(2000, 0, 1) + minute * 60_000);
      const [year = 0, month = 0, day = 0, hour = 0, minutes = 0] = wallClock(at, zone);
      const wall = new Date(Date.UTC(year, month - 1, day, hour, minutes));
      const found = zonedTime(wall, zone);
      assert.deepEqual(wallClock(found, zone), wallClock(at, zone));
      assert.ok(found <= at, 'of two such instants it is the first');
    }),
    { numRuns: 300 },
  );
});
