// How records of DNS are read: RFC 7208 (SPF), RFC 7489 (DMARC), RFC 6376 (DKIM).
import assert from 'node:assert/strict';
import test from 'node:test';
import { isDmarc, isSpf, letsEverybody, lookupsOf, readTags } from './records.ts';

for (const [record, spf, dmarc] of [
  ['v=spf1 -all', true, false],
  ['v=spf1', true, false],
  ['V=SPF1 a', true, false],
  ['v=spf10 -all', false, false],
  ['v=DMARC1; p=none', false, true],
  ['v = DMARC1;p=none', false, true],
  ['v=DMARC1', false, true],
  ['p=none; v=DMARC1', false, false],
  ['v=dmarc1; p=none', false, false],
  ['google-site-verification=v=spf1', false, false],
] as const)
  test(`what a TXT record is: ${record}`, () => assert.deepEqual([isSpf(record), isDmarc(record)], [spf, dmarc]));

for (const [record, count, includes] of [
  ['v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all', 0, []],
  [
    'v=spf1 a mx ptr exists:%{i}.x.test include:a.test ?include:b.test redirect=c.test',
    7,
    ['a.test', 'b.test', 'c.test'],
  ],
  ['v=spf1 a:mail.test a/24 mx:x.test ~all', 3, []],
  ['v=spf1 all', 0, []],
] as const)
  test(`what an SPF record costs: ${record}`, () =>
    assert.deepEqual(lookupsOf(record), { count, includes: [...includes] }));

for (const [record, everybody] of [
  ['v=spf1 +all', true],
  ['v=spf1 all', true],
  ['v=spf1 ?all', false],
  ['v=spf1 -all', false],
  ['v=spf1 ~all', false],
  ['v=spf1 include:all.test -all', false],
] as const)
  test(`who may send by an SPF record: ${record}`, () => assert.equal(letsEverybody(record), everybody));

test('tags: the first of each name counts, and blanks around do not', () => {
  const tags = readTags('v=DKIM1; k = rsa ;p=AB==; p=other;; =x');
  assert.deepEqual(
    [...tags],
    [
      ['v', 'DKIM1'],
      ['k', 'rsa'],
      ['p', 'AB=='],
    ],
  );
});
