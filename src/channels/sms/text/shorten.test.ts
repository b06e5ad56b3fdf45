import assert from 'node:assert/strict';
import test from 'node:test';
import { withShortLinks } from './shorten.ts';

const shorten = (text: string) => withShortLinks(text, { shorten: (url) => `<${url}>` });

const table: [text: string, expected: string][] = [
  ['See https://a.test/x?y=1 now', 'See <https://a.test/x?y=1> now'],
  ['See https://a.test/x. And http://b.test!', 'See <https://a.test/x>. And <http://b.test/>!'],
  ['(https://a.test/x) https://a.test/x_(y).', '(<https://a.test/x>) <https://a.test/x_(y)>.'],
  ['HTTPS://A.test/X\nhttps://a.test', '<https://a.test/X>\n<https://a.test/>'],
  ['a.test/x www.a.test acme://x mailto:a@a.test //a.test', 'a.test/x www.a.test acme://x mailto:a@a.test //a.test'],
  ['https:// https://]', 'https:// https://]'],
];
for (const [text, expected] of table)
  test(`links of a text are shortened: ${JSON.stringify(text)}`, () => assert.equal(shorten(text), expected));

test('25 links are shortened, and the text is refused if one has more than 4,000 characters', () => {
  assert.equal(shorten('https://a.test/ '.repeat(30)).match(/</g)?.length, 25);
  assert.throws(() => shorten(`https://a.test/${'x'.repeat(4_000)}`), { reason: 'payload_too_large' });
});
