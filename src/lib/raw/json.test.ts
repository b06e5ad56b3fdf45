import assert from 'node:assert/strict';
import test from 'node:test';
import { describe, elementPath, isObject, memberPath, own, quotedMemberPath, shown } from './json.ts';

test('an array, null and bytes are not objects', () => {
  for (const value of [{}, { a: 1 }, JSON.parse('{"__proto__":1}'), Object.create(null)])
    assert.equal(isObject(value), true);
  for (const value of [null, undefined, [], '', 0, true, new Uint8Array()]) assert.equal(isObject(value), false);
});

test('members of the prototype do not count, and `__proto__` may be a member', () => {
  for (const key of ['__proto__', 'constructor', 'toString']) assert.equal(own({}, key), undefined);
  const hostile: Record<string, unknown> = JSON.parse('{"__proto__":{"polluted":true},"toString":1}');
  assert.deepEqual(own(hostile, '__proto__'), { polluted: true });
  assert.equal(own(hostile, 'toString'), 1);
  assert.equal(own(hostile, 'polluted'), undefined);
});

test('a value is described by its kind, and no text is repeated', () => {
  const table: [unknown, string][] = [
    [undefined, 'nothing'],
    [null, 'null'],
    ['ada@acme.test', 'a text'],
    [['ada@acme.test'], 'an array'],
    [{ email: 'ada@acme.test' }, 'an object'],
    [1.5, '1.5'],
    [-0, '0'],
    [JSON.parse('1e999'), 'Infinity'],
    [false, 'false'],
  ];
  for (const [value, expected] of table) assert.equal(describe(value), expected);
});

test("a caller's key is shown plain and short", () => {
  const table: [string, string][] = [
    ['content-available', 'content-available'],
    ['$time', '$time'],
    ['my key.a', 'my key.a'],
    ['', ''],
    ['<b>\r\n"', '?b????'],
    ['é\u0000', '??'],
    ['😀', '??'],
    ['k'.repeat(100_000), 'k'.repeat(64)],
    [`${'k'.repeat(63)}😀`, `${'k'.repeat(63)}?`],
  ];
  for (const [key, expected] of table) assert.equal(shown(key), expected);
});

test('a path is dotted, and indexes are in brackets', () => {
  assert.equal(memberPath('', 'messages'), 'messages');
  assert.equal(memberPath('messages', 'e\nmail'), 'messages.e?mail');
  assert.equal(elementPath('messages.web_push.buttons', 0), 'messages.web_push.buttons[0]');
});

test("in an operator's file, a strange key is quoted", () => {
  const table: [string, string, string][] = [
    ['', 'apps', 'apps'],
    ['rate_limits', 'send_broadcast:/messages/send', 'rate_limits.send_broadcast:/messages/send'],
    ['apps[0]', 'a b', 'apps[0]["a b"]'],
    ['', '', '[""]'],
    ['apps[0]', 'a"\n', 'apps[0]["a\\"\\n"]'],
    ['', 'k'.repeat(65), `["${'k'.repeat(64)}"]`],
  ];
  for (const [path, key, expected] of table) assert.equal(quotedMemberPath(path, key), expected);
});
