import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readPlainTime } from './plain-times.ts';
import { readIsoTime } from './times.ts';

/** The same time in a form that only the pattern reads. */
function spelledOut(text: string): string {
  return text.length === 10 ? `${text} 00:00` : text.replace('T', ' ');
}

const part = (most: number, width: number) =>
  fc.integer({ min: 0, max: most }).map((value) => String(value).padStart(width, '0'));
const plain = fc
  .tuple(part(3_200, 4), part(14, 2), part(33, 2), part(25, 2), part(61, 2), part(61, 2), part(999, 3))
  .chain(([year, month, day, hour, minute, second, ms]) => {
    const time = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
    return fc.constantFrom(time.slice(0, 10), time, `${time}Z`, `${time}.${ms}`, `${time}.${ms}Z`);
  });
const year = (text: string) => Number(text.slice(0, 4));

test('dates of plain form mean what the pattern of all forms reads in them', () => {
  fc.assert(
    fc.property(plain, (text) => {
      const expected = year(text) < 1000 ? null : readIsoTime(spelledOut(text));
      assert.equal(readPlainTime(text), expected);
    }),
    { numRuns: 20_000 },
  );
});

test('29 February is a day of leap years only', () => {
  for (const text of ['2024-02-29', '2000-02-29']) assert.equal(readPlainTime(text), Date.parse(text), text);
  for (const text of ['2023-02-29', '1900-02-29', '2024-02-30', '2024-04-31'])
    assert.equal(readPlainTime(text), null, text);
});

test('a text with anything else in it is left to the patterns', () => {
  const alike = plain.chain((text) =>
    fc
      .tuple(fc.nat({ max: text.length }), fc.constantFrom('', ' ', '+', '-', 'x', '1', '\u0661', 'z', ':', '.'))
      .map(([place, mark]) => text.slice(0, place) + mark + text.slice(place + (mark === '' ? 1 : 0))),
  );
  fc.assert(
    fc.property(alike, (text) => {
      const ms = readPlainTime(text);
      if (ms !== null) assert.equal(ms, readIsoTime(spelledOut(text)));
    }),
    { numRuns: 20_000 },
  );
});
