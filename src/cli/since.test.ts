import assert from 'node:assert/strict';
import test from 'node:test';
import { readSince } from './since.ts';
import { UsageError } from './usage-error.ts';

const VIENNA = 'Europe/Vienna';
const HONOLULU = 'Pacific/Honolulu';
/** In Vienna it is half past midnight of the 30th, the day after clocks were set ahead; in Honolulu it is noon of the 29th. */
const now = new Date('2026-03-29T22:30:00Z');

const rows: [since: string, zone: string, at: string][] = [
  ['today', 'UTC', '2026-03-29T00:00:00.000Z'],
  ['today', VIENNA, '2026-03-29T22:00:00.000Z'],
  ['today', HONOLULU, '2026-03-29T10:00:00.000Z'],
  ['yesterday', 'UTC', '2026-03-28T00:00:00.000Z'],
  ['yesterday', VIENNA, '2026-03-28T23:00:00.000Z'],
  ['yesterday', HONOLULU, '2026-03-28T10:00:00.000Z'],
  [' Yesterday ', 'UTC', '2026-03-28T00:00:00.000Z'],
  ['30m', VIENNA, '2026-03-29T22:00:00.000Z'],
  ['2h', VIENNA, '2026-03-29T20:30:00.000Z'],
  ['3d', VIENNA, '2026-03-26T22:30:00.000Z'],
  ['2026-03-15', 'UTC', '2026-03-15T00:00:00.000Z'],
  ['2026-03-15', VIENNA, '2026-03-14T23:00:00.000Z'],
  ['2026-03-15', HONOLULU, '2026-03-15T10:00:00.000Z'],
  ['2026-03-15T12:00', 'UTC', '2026-03-15T12:00:00.000Z'],
  ['2026-03-15T12:00', VIENNA, '2026-03-15T11:00:00.000Z'],
  ['2026-03-15 12:00:30', VIENNA, '2026-03-15T11:00:30.000Z'],
  ['2026-03-29T02:30', VIENNA, '2026-03-29T01:30:00.000Z'], // skipped: an hour later
  ['2026-03-15T12:00Z', VIENNA, '2026-03-15T12:00:00.000Z'],
  ['2026-03-15T12:00:00+02:00', VIENNA, '2026-03-15T10:00:00.000Z'],
  ['2026-03-15T12:00:00.5-0500', VIENNA, '2026-03-15T17:00:00.500Z'],
  ['2026-03-15 12:00 UTC', HONOLULU, '2026-03-15T12:00:00.000Z'],
];

for (const [since, zone, at] of rows) {
  test(`--since "${since}" in ${zone} is ${at}`, () => {
    assert.equal(readSince(since)(now, zone).toISOString(), at);
  });
}

for (const since of [
  '',
  'soon',
  'tomorrow',
  '2',
  'd',
  '-1d',
  '1.5h',
  '2w',
  '2026-02-30',
  '2026-03-15T25:00',
  '15.3.2026',
]) {
  test(`--since "${since}" is refused with what is expected`, () => {
    assert.throws(
      () => readSince(since),
      (error) => error instanceof UsageError && error.message.includes('expected today, yesterday, a date such as'),
    );
  });
}
