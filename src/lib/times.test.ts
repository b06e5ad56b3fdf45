import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readStoredTime } from './times.ts';

const dates: [string, string][] = [
  ['2026-01-31', '2026-01-31T00:00:00.000Z'],
  ['2026-01-31T13:00', '2026-01-31T13:00:00.000Z'],
  ['2026-01-31 13:00:05', '2026-01-31T13:00:05.000Z'],
  ['2026-01-31T13:00:05.123', '2026-01-31T13:00:05.123Z'],
  ['2026-01-31T13:00:05:123Z', '2026-01-31T13:00:05.123Z'],
  ['2026-01-31T13:00:05.1Z', '2026-01-31T13:00:05.100Z'],
  ['2026-01-31T13:00:05.123456789Z', '2026-01-31T13:00:05.123Z'],
  ['2026-01-31T13:00Z', '2026-01-31T13:00:00.000Z'],
  ['2026-01-31T13:00:05+01:00', '2026-01-31T12:00:05.000Z'],
  ['2026-01-31T13:00:05+0130', '2026-01-31T11:30:05.000Z'],
  ['2026-01-31T13:00:05-01', '2026-01-31T14:00:05.000Z'],
  ['2026-01-31T13:00:05-5:00', '2026-01-31T18:00:05.000Z'],
  ['2026-01-31T00:30:00+1:00', '2026-01-30T23:30:00.000Z'],
  ['01/31/2026', '2026-01-31T00:00:00.000Z'],
  ['Sat Jan 31 13:00:00 UTC 2026', '2026-01-31T13:00:00.000Z'],
  ['Sat Jan 31 13:00:00 +0100 2026', '2026-01-31T12:00:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['3000-12-31', '3000-12-31T00:00:00.000Z'],
];

test('a text that is as a whole a date in a documented form is a time', () => {
  for (const [text, expected] of dates) {
    const ms = readStoredTime(text);
    assert.equal(ms === null ? null : new Date(ms).toISOString(), expected, text);
  }
});

test('any other text is not a time', () => {
  for (const text of [
    ...[
      '',
      '2026',
      '2026-1-31',
      '2026-02-30',
      '2025-02-29',
      '2026-13-01',
      '2026-00-10',
      '2026-01-31T24:00',
      '2026-01-31T12:60',
    ],
    ...[
      '2026-01-31T12:00:60',
      '2026-01-31  12:00',
      ' 2026-01-31',
      '2026-01-31 ',
      '2026-01-31T12:00:00+25:00',
      '3001-01-01',
    ],
    ...[
      '-0001-01-01',
      '31/01/2026',
      '1/1/2026',
      '2026-01-31T12',
      '20260131',
      'Sat Foo 31 13:00:00 UTC 2026',
      '2026-01-31Z',
    ],
  ]) {
    assert.equal(readStoredTime(text), null, text);
  }
});

test('every instant reads back from its ISO form', () => {
  const days = fc.date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('3000-12-31T00:00:00Z'),
    noInvalidDate: true,
  });
  fc.assert(fc.property(days, (date) => assert.equal(readStoredTime(date.toISOString()), date.getTime())));
});
