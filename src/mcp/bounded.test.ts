import assert from 'node:assert/strict';
import test from 'node:test';
import { bounded } from './bounded.ts';

const MORE = 'Ask for less.';
const bytesOf = (value: object) => Buffer.byteLength(JSON.stringify(value));
const people = (count: number, size: number) =>
  Array.from({ length: count }, (_, index) => ({ id: index, name: 'ä'.repeat(size) }));

test('an answer that fits is left as it is', () => {
  const answer = { recipients: people(10, 10), next_cursor: 'c' };
  assert.deepEqual(bounded(answer, MORE, 1_000), answer);
});

test('an answer that does not fit is cut until it does, and says what is missing', () => {
  const rows: [what: string, answer: object, most: number, cut: string[]][] = [
    ['long texts', { a: 'x'.repeat(9_000), b: 1 }, 5_000, ['1 long text shown to the first 4000 characters.', MORE]],
    [
      'lists within lists, by the longest',
      { users: [{ devices: people(500, 1) }, { devices: people(600, 1) }] },
      10_000,
      ['users[].devices: the first 100 of 600 are shown.', MORE],
    ],
    [
      'a list with a cursor, which would skip what is not shown',
      { recipients: people(60, 5), next_cursor: 'c' },
      1_500,
      [
        'recipients: the first 25 of 60 are shown.',
        'next_cursor is left out, because it would skip the others: ask with limit 25.',
        MORE,
      ],
    ],
    [
      'members of an object',
      { user: Object.fromEntries(people(200, 1).map(({ id }) => [`attribute_${id}`, id])) },
      2_500,
      ['user: the first 100 of 200 are shown.', MORE],
    ],
    [
      'what cannot be shown in part: only the short members of the answer stay',
      { token: 't', count: 3, ['k'.repeat(2_000)]: { a: 1 } },
      500,
      ['The answer has 2034 bytes, too many to show a part of it.', MORE],
    ],
  ];
  for (const [what, answer, most, cut] of rows) {
    const shown = bounded(answer, MORE, most);
    assert.deepEqual(shown.cut, cut, what);
    assert.ok(bytesOf(shown) <= most, what);
    assert.equal(Object.hasOwn(shown, 'next_cursor'), false, what);
  }
  assert.deepEqual(Object.keys(bounded(rows[4]?.[1] ?? {}, MORE, 500)), ['token', 'count', 'cut']);
});

test('nested values, halves of characters and members called __proto__ do no harm', () => {
  let deep: unknown = 'x'.repeat(9_000);
  for (let depth = 0; depth < 60; depth += 1) deep = [deep];
  assert.match(String(bounded({ deep }, MORE, 2_000).cut), /nested too deeply/);
  const faces = bounded({ text: `${'x'.repeat(3_999)}${'😀'.repeat(999)}` }, MORE, 5_000);
  assert.ok(String(faces.text).isWellFormed());
  const odd = bounded(JSON.parse(`{"user":{"__proto__":{"a":"${'x'.repeat(9_000)}"}}}`), MORE, 5_000);
  assert.deepEqual(Object.keys(odd.user as object), ['__proto__']);
});
