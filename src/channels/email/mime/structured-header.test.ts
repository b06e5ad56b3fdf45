import assert from 'node:assert/strict';
import test from 'node:test';
import { encodeStructured, isStructured } from './structured-header.ts';

const word = (text: string) => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;

const table: [string, string | null][] = [
  ['Zürich News <news.acme.test>', `${word('Zürich News')} <news.acme.test>`],
  ['"Zürich, \\"the\\" News" <news.acme.test>', `${word('Zürich, "the" News')} <news.acme.test>`],
  ['News <news.bücher.test>', 'News <news.xn--bcher-kva.test>'],
  [
    '<https://acme.test/ü?q=ä>, <mailto:u@acme.test?subject=Ä> (Zürich)',
    `<https://acme.test/%C3%BC?q=%C3%A4>, <mailto:u@acme.test?subject=%C3%84> (${word('Zürich')})`,
  ],
  ['Müller, News, Straße', `${word('Müller')}, News, ${word('Straße')}`],
  ['Zoë <zoe@bücher.test>, ada@bücher.test', `${word('Zoë')} <zoe@xn--bcher-kva.test>, ada@xn--bcher-kva.test`],
  ['News <news.acme.test>', 'News <news.acme.test>'],
  ['=?utf-8?Q?Z=C3=BCrich?= <news.acme.test>', '=?utf-8?Q?Z=C3=BCrich?= <news.acme.test>'],
  [' <a@acme.test> ', '<a@acme.test>'],
  ['Zoë <zoë@acme.test>', null],
  ['<https://>ü<ü', null],
  ['', ''],
];
for (const [text, expected] of table)
  test(`${JSON.stringify(text)} becomes ${JSON.stringify(expected)}`, () => {
    assert.equal(encodeStructured(text), expected);
  });

test('headers with a grammar are known in any letter case; those that a caller makes up have none', () => {
  for (const name of ['List-Id', 'LIST-UNSUBSCRIBE', 'references', 'Disposition-Notification-To'])
    assert.equal(isStructured(name), true, name);
  for (const name of ['Subject', 'Comments', 'X-List-Id', 'Feedback-ID']) assert.equal(isStructured(name), false, name);
});

test('a long value is read in linear time: with quadratic work these would take minutes', () => {
  const before = process.threadCpuUsage();
  for (const part of ['"\\', '(', '<', '"', '\\"', ' ', '" (', ') (']) encodeStructured(`ü${part.repeat(100_000)}`);
  const { user, system } = process.threadCpuUsage(before);
  assert.ok(user + system < 10_000_000);
});
