import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { HeaderDecoder } from './header-decoder.ts';
import { HeaderEncoder, headerRoom } from './header-encoder.ts';
import { CompressionError, decodeHuffman } from './huffman.ts';

type Headers = readonly (readonly [string, string])[];

function encode(encoder: HeaderEncoder, headers: Headers): Buffer {
  const room = headers.reduce((sum, [name, value]) => sum + headerRoom(name, value), 0);
  const to = Buffer.alloc(room, 0xee);
  encoder.begin(to, 0);
  for (const [name, value] of headers) encoder.field(name, value);
  return to.subarray(0, encoder.end());
}

test('the examples of the HPACK standard are decoded, and the table persists from block to block', () => {
  // RFC 7541 C.4: three requests on one connection, Huffman-coded.
  const decoder = new HeaderDecoder();
  const blocks = [
    '828684418cf1e3c2e5f23a6ba0ab90f4ff',
    '828684be5886a8eb10649cbf',
    '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
  ];
  const [first, second, third] = blocks.map((block) => decoder.decode(Buffer.from(block, 'hex')).join('|'));
  assert.equal(first, ':method|GET|:scheme|http|:path|/|:authority|www.example.com');
  assert.equal(second, `${first}|cache-control|no-cache`);
  assert.equal(third, ':method|GET|:scheme|https|:path|/index.html|:authority|www.example.com|custom-key|custom-value');
});

const broken: [string, string][] = [
  ['an index of 0', '80'],
  ['an index beyond the table', 'ff00'],
  ['a string longer than the block', '400a63'],
  ['an endless integer', '7fffffffffff'],
  ['a table larger than we allow', '3fe27f'],
  ['a name that is missing', '40'],
  ['a Huffman code that is cut in the middle of a symbol', '4081fe017f'],
  ['the end-of-string symbol', '4084ffffffff0161'],
  ['padding of more than seven bits', '40821fff0161'],
];
for (const [what, hex] of broken) {
  test(`a header block with ${what} is refused`, () => {
    assert.throws(() => new HeaderDecoder().decode(Buffer.from(hex, 'hex')), CompressionError);
  });
}

test('decoding any octets ends with headers or a CompressionError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
      try {
        new HeaderDecoder().decode(Buffer.from(octets));
        decodeHuffman(Buffer.from(octets), 0, octets.length);
      } catch (error) {
        assert.ok(error instanceof CompressionError);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('encoded headers are decoded unchanged, block after block, with repeated values and changing table sizes', () => {
  const name = fc.constantFrom(':status', ':path', 'authorization', 'apns-id', 'apns-topic', 'x-a', 'content-type');
  const value = fc.oneof(
    fc.constantFrom('200', '', 'a', 'application/json', 'b'.repeat(300), 'c'.repeat(1_500), 'd'.repeat(3_000)),
    fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 80 }),
  );
  const block = fc.record({
    limits: fc.array(fc.integer({ min: 0, max: 8_192 }), { maxLength: 2 }),
    headers: fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 8 }),
    times: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(block, { maxLength: 30 }), (blocks) => {
      const encoder = new HeaderEncoder(['authorization']);
      const decoder = new HeaderDecoder();
      for (const { limits, headers, times } of blocks) {
        for (const limit of limits) encoder.limitTable(limit);
        for (let time = 0; time < times; time += 1) {
          assert.deepEqual(decoder.decode(encode(encoder, headers)), headers.flat());
        }
      }
    }),
    { numRuns: 1_000 },
  );
});

test('a repeated value takes one octet from the third time on; a new value leaves its name in the table', () => {
  const encoder = new HeaderEncoder();
  const sizes = ['v'.repeat(100), 'v'.repeat(100), 'v'.repeat(100)].map(
    (value) => encode(encoder, [['authorization', value]]).length,
  );
  assert.deepEqual(sizes, [103, 102, 1]); // the index of the name takes two octets without indexing, one with it
  const ids = ['1', '2', '3'].map((id) => encode(encoder, [['apns-id', id]]).length);
  assert.deepEqual(ids, [1 + 8 + 2, 4, 4]);
});

test('unindexed headers and entries that would fill the table are written out each time', () => {
  const encoder = new HeaderEncoder(['authorization']);
  for (let time = 0; time < 3; time += 1) {
    assert.equal(encode(encoder, [['authorization', 'v'.repeat(100)]]).toString('hex', 0, 3), '0f0864');
    assert.ok(encode(encoder, [['content-type', 'v'.repeat(2_100)]]).length > 2_100);
  }
});

test('a smaller table is announced, even if it is larger again before the next block', () => {
  const encoder = new HeaderEncoder();
  const once = () => encode(encoder, [[':method', 'POST']]).toString('hex');
  assert.equal(once(), '83');
  encoder.limitTable(10_000);
  assert.equal(once(), '83');
  encoder.limitTable(0);
  assert.equal(once(), '2083');
  encoder.limitTable(10);
  encoder.limitTable(4_096);
  assert.equal(once(), '2a' + '3fe11f' + '83');
  assert.equal(once(), '83');
});
