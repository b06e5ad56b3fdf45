// The window of 24 hours: messaging-objects.md §8.3.
import assert from 'node:assert/strict';
import test from 'node:test';
import { windowProblem } from './window.ts';

const HOUR = 3_600_000;
const now = new Date('2026-01-05T10:00:00Z');
const ago = (hours: number) => now.getTime() - hours * HOUR;
const tracked = { phone_number_id: '1055', app_secret: 's' };
const untracked = { phone_number_id: '1055' };
const never = /^the person has not written to this number within 24 hours/;
const late = /^the person last wrote at 2026-01-04T09:00:00\.000Z, more than 24 hours ago/;

const rows: [
  what: string,
  type: string,
  lastWrote: Record<string, number>,
  settings: object,
  expected: RegExp | null,
][] = [
  ['a template to nobody who wrote', 'template', {}, tracked, null],
  ['a text to nobody who wrote', 'text', {}, tracked, never],
  ['a text after 23 hours', 'text', { '1055': ago(23) }, tracked, null],
  ['a text after 25 hours', 'text', { '1055': ago(25) }, tracked, late],
  ['a template after 25 hours', 'template', { '1055': ago(25) }, tracked, null],
  ['a list a moment before the end', 'interactive', { '1055': ago(24) + 1 }, tracked, null],
  ['a list at the end', 'interactive', { '1055': ago(24) }, tracked, /more than 24 hours ago/],
  ['a picture to one who wrote to another number', 'image', { '1056': ago(1) }, tracked, never],
  ['a text when nobody hears who writes', 'text', {}, untracked, null],
];
for (const [what, type, lastWrote, settings, expected] of rows)
  test(`${what}: ${expected === null ? 'it may go out' : 'it may not'}`, () => {
    const problem = windowProblem({ type }, lastWrote, { settings: settings as typeof tracked, now });
    if (expected === null) assert.equal(problem, null);
    else assert.match(problem ?? '', expected);
  });
