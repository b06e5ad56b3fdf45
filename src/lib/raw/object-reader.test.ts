import assert from 'node:assert/strict';
import test from 'node:test';
import type { RawObject } from './json.ts';
import { readFlag } from './lenient.ts';
import { ObjectReader } from './object-reader.ts';
import { Problems } from './problems.ts';

function readerOf(json: string, path = '') {
  const problems = new Problems();
  const raw: RawObject = JSON.parse(json);
  return { reader: new ObjectReader(raw, path, problems), problems };
}

test('only own members are read; a member that is null counts as absent', () => {
  const { reader } = readerOf('{"a":0,"b":null,"__proto__":{"c":1}}');
  assert.deepEqual(
    [reader.get('a'), reader.get('b'), reader.get('c'), reader.get('toString')],
    [0, null, undefined, undefined],
  );
  assert.deepEqual(reader.get('__proto__'), { c: 1 });
  assert.deepEqual(
    ['a', 'b', 'c', '__proto__'].map((key) => reader.has(key)),
    [true, false, false, true],
  );
});

test('a path begins at the root', () => {
  assert.equal(readerOf('{}').reader.at('messages'), 'messages');
  assert.equal(readerOf('{}', 'messages.email').reader.at('from'), 'messages.email.from');
  assert.equal(readerOf('{}', 'messages').reader.at('<script>'), 'messages.?script?');
});

test('a wrong value is filed under its path and reads as absent', () => {
  const table: [read: (reader: ObjectReader) => unknown, json: string, value: unknown, problems: string[]][] = [
    [(reader) => reader.scalar('a', readFlag), '{"a":"TRUE"}', true, []],
    [(reader) => reader.scalar('a', readFlag), '{}', undefined, []],
    [(reader) => reader.scalar('a', readFlag), '{"a":2}', undefined, ['x.a: expected a boolean, got 2']],
    [(reader) => reader.scalar('a', readFlag), '{"a":{}}', undefined, ['x.a: expected a boolean, got an object']],
    [(reader) => reader.word('a', ['on', 'off']), '{"a":"on"}', 'on', []],
    [(reader) => reader.word('a', ['on', 'off']), '{"a":null}', undefined, []],
    [(reader) => reader.word('a', ['on', 'off']), '{"a":"On"}', undefined, ['x.a: expected one of on, off']],
    [(reader) => reader.rawObject('a'), '{"a":{"b":1}}', { b: 1 }, []],
    [(reader) => reader.rawObject('a'), '{}', undefined, []],
    [(reader) => reader.rawObject('a'), '{"a":[{}]}', undefined, ['x.a: expected an object, got an array']],
    [(reader) => reader.rawObject('a'), '{"a":"b"}', undefined, ['x.a: expected an object, got a text']],
    [(reader) => reader.rawObject('a'), '{"a":""}', undefined, []],
    [(reader) => reader.rawObject('a'), '{"a":[]}', undefined, []],
    [(reader) => reader.rawObject('a'), '{"a":{}}', {}, []],
    [(reader) => reader.word('a', ['on', 'off']), '{"a":""}', undefined, []],
  ];
  for (const [read, json, value, expected] of table) {
    const { reader, problems } = readerOf(json, 'x');
    assert.deepEqual(read(reader), value);
    assert.deepEqual(problems.texts, expected);
  }
});

test('an unknown member is reported with the known ones', () => {
  const { reader, problems } = readerOf('{"a":1,"b\\n":2,"__proto__":3}', 'cresset');
  assert.deepEqual(reader.unknown(['a', 'c']), ['b\n', '__proto__']);
  reader.refuseUnknown(['a', 'c']);
  assert.deepEqual(problems.texts, [
    'cresset.b?: unknown member; a, c are known',
    'cresset.__proto__: unknown member; a, c are known',
  ]);
});

test('a problem has the code that the caller gives', () => {
  const { reader, problems } = readerOf('{"extra":1}', 'messages.web_push');
  reader.rawObject('extra', 'invalid_extra');
  assert.throws(() => problems.throwIfAny(), { code: 'invalid_extra' });
});
