import assert from 'node:assert/strict';
import test from 'node:test';
import { findUtf8Error, utf8Problem } from './utf8.ts';

test('bytes that are not UTF-8 are told with their place, and no others', () => {
  const table: [string, Buffer, string | null][] = [
    ['nothing', Buffer.alloc(0), null],
    ['what a text may hold', Buffer.from('{"a":"Jürgen – 日本 🙂 \ufffd \u0000"}'), null],
    ['Windows-1252', Buffer.from('{"first_name":"J\xfcrgen"}', 'latin1'), 'line 1, byte 17'],
    ['after a genuine U+FFFD', Buffer.concat([Buffer.from('\ufffd\ufffdé'), Buffer.of(0xff)]), 'line 1, byte 9'],
    ['on a later line', Buffer.from('{\r\n"a": 1,\n "é": "\xe4"}', 'latin1'), 'line 3, byte 3'],
    ['a character that ends too early', Buffer.from([0x61, 0xe2, 0x82]), 'line 1, byte 2'],
    ['half a surrogate pair', Buffer.from([0x61, 0xed, 0xa0, 0x80, 0x62]), 'line 1, byte 2'],
    ['more bytes than needed', Buffer.from([0x0a, 0xc0, 0x80]), 'line 2, byte 1'],
    ['beyond Unicode', Buffer.from([0xf4, 0x90, 0x80, 0x80]), 'line 1, byte 1'],
  ];
  for (const [what, bytes, place] of table)
    assert.equal(utf8Problem(bytes), place && `expected UTF-8, got something else at ${place}`, what);
});

test('the place is found wherever it is in a long text', () => {
  const text = Buffer.from('aé日🙂\ufffd'.repeat(40));
  for (let at = 0; at <= text.length; at += 1) {
    const isStart = at === text.length || ((text[at] ?? 0) & 0xc0) !== 0x80;
    for (const broken of [Buffer.of(0xff), Buffer.of(0xe4), Buffer.alloc(30, 0x80)])
      if (isStart) assert.equal(findUtf8Error(Buffer.concat([text.subarray(0, at), broken, text.subarray(at)])), at);
  }
});
