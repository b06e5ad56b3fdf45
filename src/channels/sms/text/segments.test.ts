// What Twilio bills for a text: rows of messaging-objects.md §7.2 and of the traps of messages.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { countSegments } from './segments.ts';
import { smartEncoded } from './smart-encoding.ts';

const a = (count: number) => 'a'.repeat(count);
const table: [what: string, text: string, encoding: 'GSM-7' | 'UCS-2', count: number][] = [
  ['nothing', '', 'GSM-7', 0],
  ['160 septets', a(160), 'GSM-7', 1],
  ['161 septets', a(161), 'GSM-7', 2],
  ['306 septets', a(306), 'GSM-7', 2],
  ['1,600 septets', a(1_600), 'GSM-7', 11],
  ['80 characters of two septets', '€'.repeat(80), 'GSM-7', 1],
  ['153 characters of two septets: a pair is not split', ']'.repeat(153), 'GSM-7', 3],
  ['a pair at the end of a segment', `${a(152)}€${a(152)}`, 'GSM-7', 3],
  ['70 units', 'ж'.repeat(70), 'UCS-2', 1],
  ['71 units', 'ж'.repeat(71), 'UCS-2', 2],
  ['a surrogate pair at the end of a segment', `${'я'.repeat(66)}👋${'я'.repeat(66)}`, 'UCS-2', 3],
  ['decomposed letters are two units', 'e\u0301'.repeat(70), 'UCS-2', 3],
  ['composed letters are one septet', '\u00e9'.repeat(70), 'GSM-7', 1],
  ['CRLF is two septets', `${a(80)}\r\n${a(79)}`, 'GSM-7', 2],
  ['LF is one septet', `${a(80)}\n${a(79)}`, 'GSM-7', 1],
  ['extension characters are one unit in UCS-2', `😀${']'.repeat(68)}`, 'UCS-2', 1],
  ['and one more needs another segment', `😀${']'.repeat(69)}`, 'UCS-2', 2],
  ['an ellipsis', `${a(159)}…`, 'UCS-2', 3],
  ['a capital cedilla', 'Ç'.repeat(160), 'GSM-7', 1],
  ['a small cedilla', 'ç'.repeat(71), 'UCS-2', 2],
  ['a backtick', `${a(159)}\``, 'UCS-2', 3],
];
for (const [what, text, encoding, count] of table) {
  test(`segments of a text: ${what}`, () => assert.deepEqual(countSegments(text), { encoding, count }));
}

test('smart encoding is counted after the replacement', () => {
  assert.equal(smartEncoded(`${a(159)}…`), `${a(159)}...`);
  assert.deepEqual(countSegments(smartEncoded(`${a(159)}…`)), { encoding: 'GSM-7', count: 2 });
  assert.equal(smartEncoded('“Ｈi” – ᴏᴋ！ 7½ × 8\u00a0€'), '"Hi" - OK! 71/2 × 8  €');
});

test('a text has as many segments as it needs at least, and never one that a cut would spare', () => {
  const characters = fc.constantFrom('a', '€', '^', 'ж', '😀', '\n', 'é', '`');
  fc.assert(
    fc.property(fc.array(characters, { maxLength: 700 }), (parts) => {
      const { encoding, count } = countSegments(parts.join(''));
      const width = (part: string) => (encoding === 'UCS-2' ? part.length : '€^'.includes(part) ? 2 : 1);
      const total = parts.reduce((sum, part) => sum + width(part), 0);
      const [single, each] = encoding === 'GSM-7' ? [160, 153] : [70, 67];
      if (total <= single) return count === Math.min(total, 1);
      // A segment loses at most one unit to a pair that does not fit.
      return count >= Math.ceil(total / each) && count <= Math.ceil(total / (each - 1));
    }),
  );
});
