import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isAllowed, rangeProblem } from './allow-list.ts';

const cases: [string, string[], boolean][] = [
  ['203.0.113.9', [], true],
  ['what is this', [], true],
  ['203.0.113.9', ['203.0.113.9'], true],
  ['203.0.113.10', ['203.0.113.9'], false],
  ['10.255.255.255', ['10.0.0.0/8'], true],
  ['11.0.0.0', ['10.0.0.0/8'], false],
  ['10.1.2.3', ['10.9.9.9/8'], true],
  ['192.0.2.1', ['10.0.0.0/8', '192.0.2.0/24'], true],
  ['192.0.2.1', ['0.0.0.0/0'], true],
  ['192.0.2.1', ['::/0'], false],
  ['2001:db8::1', ['2001:db8::/32'], true],
  ['2001:DB8:0:0::1', ['2001:db8::1'], true],
  ['2001:db9::1', ['2001:db8::/32'], false],
  ['2001:db8::1', ['0.0.0.0/0'], false],
  ['::1', ['127.0.0.1'], false],
  ['::ffff:10.1.2.3', ['10.0.0.0/8'], true],
  ['::ffff:a01:203', ['10.0.0.0/8'], true],
  ['10.1.2.3', ['::ffff:10.0.0.0/104'], true],
  ['10.1.2.3', ['::ffff:10.1.2.3'], true],
  ['::ffff:11.1.2.3', ['10.0.0.0/8'], false],
  ['what is this', ['0.0.0.0/0', '::/0'], false],
  ['', ['0.0.0.0/0'], false],
  ['0x0a.1.2.3', ['10.0.0.0/8'], false],
  ['fe80::1%eth0', ['fe80::/10'], false],
  ['10.1.2.3', ['nonsense', '10.0.0.0/33'], false],
];
for (const [address, ranges, expected] of cases) {
  test(`${address || 'nothing'} ${expected ? 'is' : 'is not'} inside [${ranges.join(', ')}]`, () => {
    assert.equal(isAllowed(address, ranges), expected);
  });
}

const expected = 'expected an IPv4 or IPv6 address or CIDR subnet such as 10.0.0.0/8';
const badRanges = [
  '',
  '/',
  '10',
  '10.1',
  '10.0.0.0/',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  '012.0.0.1',
  '::/129',
];
for (const text of [...badRanges, '0x0a000001', 'fe80::%1', 'example.test', '10.0.0.0 /8', '10.0.0.0/255.0.0.0']) {
  test(`"${text}" is not a range`, () => assert.equal(rangeProblem(text), expected));
}
for (const text of [
  '10.0.0.1',
  '10.0.0.0/0',
  '10.0.0.0/32',
  '::',
  '2001:db8::/128',
  '::ffff:10.0.0.0/104',
  '::ffff:0:0/95',
]) {
  test(`"${text}" is a range`, () => assert.equal(rangeProblem(text), null));
}

test('an address is inside its own subnet of any length', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, bits) =>
      isAllowed(address, [`${address}/${bits}`]),
    ),
  );
  fc.assert(
    fc.property(fc.ipV6(), fc.integer({ min: 96, max: 128 }), (address, bits) =>
      isAllowed(address, [`${address}/${bits}`]),
    ),
  );
});

test('it does not throw, whatever the text', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (address, range) => typeof isAllowed(address, [range]) === 'boolean'),
  );
});
