import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { readEmailAddress, readPhone } from './contact.ts';

test('addresses that a mail server may accept are kept as they are written', () => {
  for (const address of [
    'a@b.test',
    'Ada.L+tag@Mail.Example.test',
    "o'brien@example.test",
    'jürgen@bücher.test',
    '用户@例子.测试',
  ]) {
    assert.equal(readEmailAddress(` ${address} `), address);
  }
});

test('all other texts are no email addresses', () => {
  const long = `${'a'.repeat(65)}@example.test`;
  for (const text of [
    '',
    'a',
    '@b.test',
    'a@',
    'a@b',
    'a..b@c.test',
    '.a@b.test',
    'a@b..test',
    'a@-b.test',
    'a b@c.test',
    'a@b@',
    '"a"@b.test',
    'a@b.test\n@c',
    'a\u0000@b.test',
    'a@[1.2.3.4]',
    'a,b@c.test',
    '<a@b.test>',
    long,
  ]) {
    assert.equal(readEmailAddress(text), null, text);
  }
});

test('phone numbers are normalised to E.164; ten digits without + are American', () => {
  const table: [string, string | null][] = [
    ['+15125550100', '+15125550100'],
    ['+1 (512) 555-0100', '+15125550100'],
    ['5125550100', '+15125550100'],
    ['(512) 555-0100', '+15125550100'],
    ['512.555.0100', '+15125550100'],
    ['+44 7911 123456', '+447911123456'],
    ['+49 30 901820', '+4930901820'],
    ['15125550100', null],
    ['447911123456', null],
    ['12345', null],
    ['+999123456789', null],
    ['+1', null],
    ['', null],
    ['call +15125550100', null],
    ['+15125550100 ext. 5', null],
  ];
  for (const [text, expected] of table) assert.equal(readPhone(text), expected, text);
});

test('no text makes either reader throw, and reading a result again changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      for (const read of [readEmailAddress, readPhone]) {
        const good = read(text);
        if (good !== null) assert.equal(read(good), good);
      }
    }),
  );
});

test('the library takes every American number in E.164 as it is, which is not asked about them', () => {
  for (let area = 200; area < 1000; area += 1) {
    for (const local of ['0000000', '1111111', '5550100', '9110000', '9999999']) {
      const text = `+1${area}${local}`;
      const number = parsePhoneNumberFromString(text, { defaultCountry: 'US', extract: false });
      assert.deepEqual([number?.isPossible(), number?.ext, number?.number], [true, undefined, text]);
      assert.equal(readPhone(text), text);
    }
  }
});
