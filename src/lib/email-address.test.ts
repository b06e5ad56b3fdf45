import assert from 'node:assert/strict';
import test from 'node:test';
import { asciiAddress, isEmailAddress, readMailbox, wireAddress } from './email-address.ts';

const good = [
  'a@b.test',
  "o'brien+x@example.test",
  '^$!%*=?`|~#/&-_@example.test',
  '+a+@example.test',
  `${'ü'.repeat(64)}@example.test`,
  'zoë@example.com',
  'ada@bücher.example',
  'ada@xn--bcher-kva.example',
  '用户@例子.测试',
  'ada.lovelace+x@hotmail.com',
  'ab@gmail.com',
];
const bad = [
  'a@192.168.0.1',
  'a@１９２.168.0.1',
  'a@[192.168.0.1]',
  'a@localhost',
  'a@b.123',
  'a@-b.test',
  'a@b-.test',
  'a@b_c.test',
  `a@${'b'.repeat(64)}.test`,
  'a@b..test',
  'a@b.test.',
  '.a@b.test',
  'a.@b.test',
  'a..b@c.test',
  'a b@c.test',
  'a\u00a0b@c.test',
  'a@b\u200b .test',
  '"a"@b.test',
  'a{b}@c.test',
  `${'a'.repeat(65)}@c.test`,
  'a@gmail.com',
  '+a@outlook.com',
  "o'brien@live.com",
  'ada+"x y"@hotmail.com',
  `ada@${'bücher.'.repeat(40)}test`,
];

test('one judge says which addresses take mail', () => {
  for (const address of good) assert.equal(isEmailAddress(address), true, address);
  for (const address of bad) assert.equal(isEmailAddress(address), false, address);
});

test('a sender is judged as an address of a profile is', () => {
  for (const address of good) assert.deepEqual(readMailbox(`Ada <${address}>`), { name: 'Ada', address }, address);
  for (const address of bad) assert.equal(readMailbox(`Ada <${address}>`), null, address);
});

test('on the wire a domain is punycode', () => {
  assert.equal(wireAddress('ada@bücher.example'), 'ada@xn--bcher-kva.example');
  assert.equal(wireAddress('zoë@Bücher.example'), 'zoë@xn--bcher-kva.example');
  assert.equal(wireAddress('Ada@Example.test'), 'Ada@Example.test');
  assert.equal(asciiAddress('zoë@example.test'), null);
  assert.equal(asciiAddress('ada@例子.测试'), 'ada@xn--fsqu00a.xn--0zwm56d');
});
