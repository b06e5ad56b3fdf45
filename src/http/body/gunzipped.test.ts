import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { gunzipped } from './gunzipped.ts';

async function* piecesOf(bytes: Buffer, size: number, taken: number[] = []): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) {
    taken.push(at);
    yield bytes.subarray(at, at + size);
  }
}

async function gathered(bytes: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return chunks;
}

async function unpacked(bytes: Buffer, size = 7): Promise<Buffer> {
  return Buffer.concat(await gathered(gunzipped(piecesOf(bytes, size))));
}

const text = Buffer.from(Array.from({ length: 20_000 }, (_, index) => `{"external_user_id":"p${index}"}\n`).join(''));

test('what was packed comes out, whichever way it is cut, also of several members', async () => {
  const packed = gzipSync(text);
  for (const size of [1, 13, 4_096, packed.length]) assert.ok((await unpacked(packed, size)).equals(text), `${size}`);
  const members = Buffer.concat([gzipSync('one '), gzipSync('two')]);
  assert.equal((await unpacked(members, 5)).toString(), 'one two');
  assert.equal((await unpacked(gzipSync(''))).length, 0);
});

test('bytes that are not gzip, end too early, or go on after the end are refused', async () => {
  const packed = gzipSync(text);
  const broken = Buffer.from(packed);
  broken.fill(0xff, packed.length >> 1, (packed.length >> 1) + 8);
  const table: [Buffer, RegExp][] = [
    [Buffer.from('{"messages":{}}\n'), /^body: expected gzip, as Content-Encoding says$/],
    [packed.subarray(0, -9), /^body: expected gzip, as Content-Encoding says$/],
    [broken, /^body: expected gzip, as Content-Encoding says$/],
    [Buffer.concat([packed, Buffer.from('more'), text]), /^body: expected gzip/],
  ];
  for (const [bytes, problem] of table)
    await assert.rejects(unpacked(bytes, 1_000), ({ errors }: { errors: string[] }) => problem.test(errors[0] ?? ''));
});

test('a bomb is given up as soon as it has grown too much, and nothing is read ahead', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1_048_576, '\n'));
  const taken: number[] = [];
  let bytes = 0;
  const reading = async () => {
    for await (const chunk of gunzipped(piecesOf(bomb, 1_024, taken))) bytes += chunk.length;
  };
  await assert.rejects(reading(), ({ errors }: { errors: string[] }) => {
    return errors[0] === 'body: expected gzip that unpacks to at most 200 times its bytes';
  });
  assert.ok(bytes <= 1_048_576 + 200 * 1_024 * taken.length, `${bytes} bytes`);
  assert.ok(taken.length < 4, `${taken.length} pieces of ${Math.ceil(bomb.length / 1_024)} were read`);
  assert.ok(bytes > 1_048_576 - 65_536);

  const some: number[] = [];
  for await (const _ of gunzipped(piecesOf(gzipSync(text), 256, some))) break;
  assert.ok(some.length <= 3, `${some.length} pieces were read for the first bytes`);
});
