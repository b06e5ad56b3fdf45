import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { rawFrame } from '../../../test/support/raw-http2-peer.ts';
import { FrameReader } from './frame-reader.ts';

type Frame = Parameters<typeof rawFrame>;

function read(chunks: readonly Buffer[]): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader((type, flags, stream, payload) => frames.push([type, flags, stream, payload]));
  for (const chunk of chunks) reader.read(chunk);
  return frames;
}

/** Cuts the octets into pieces of these lengths, in turn. */
function cut(octets: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < octets.length; turn += 1) {
    const length = lengths[turn % lengths.length] as number;
    chunks.push(octets.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((list) => Buffer.from(list)),
  fc.constantFrom(Buffer.alloc(0), Buffer.alloc(16_384, 'x')),
);
const block = fc.record({
  padding: fc.option(fc.integer({ min: 0, max: 255 })),
  hasPriority: fc.boolean(),
  parts: fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 4 }),
});

test('frames are read unchanged, however their bytes are cut', () => {
  const stream = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  const frame = fc.tuple(fc.constantFrom(0, 2, 3, 4, 6, 8, 200), fc.integer({ min: 0, max: 255 }), stream, payload);
  const lengths = fc.array(fc.constantFrom(1, 2, 8, 9, 10, 100, 5_000, 70_000), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 8 }), lengths, (frames, pieces) => {
      const octets = Buffer.concat(frames.map((parts) => rawFrame(...parts)));
      assert.deepEqual(read(cut(octets, pieces)), frames);
    }),
    { numRuns: 100 },
  );
});

test('a header block arrives whole and without padding and priority, however it was cut', () => {
  fc.assert(
    fc.property(block, ({ padding, hasPriority, parts: [first = Buffer.alloc(0), ...others] }) => {
      const flags = 1 | (padding === null ? 0 : 8) | (hasPriority ? 0x20 : 0) | (others.length === 0 ? 4 : 0);
      const head = [...(padding === null ? [] : [padding]), ...(hasPriority ? [0x80, 0, 0, 1, 16] : [])];
      const frames = [rawFrame(1, flags, 1, Buffer.from([...head, ...first, ...Array<number>(padding ?? 0).fill(0)]))];
      for (const [at, part] of others.entries())
        frames.push(rawFrame(9, at === others.length - 1 ? 4 : 0, 1, Buffer.from(part)));
      assert.deepEqual(read(frames), [[1, flags, 1, Buffer.concat([first, ...others])]]);
    }),
  );
});

test('a stopped reader reads nothing more, even if it was stopped within a chunk', () => {
  const seen: number[] = [];
  const reader = new FrameReader((type) => {
    seen.push(type);
    if (type === 2) reader.stop();
  });
  reader.read(Buffer.concat([rawFrame(0, 0, 1), rawFrame(2, 0, 1), rawFrame(3, 0, 1)]));
  reader.read(rawFrame(4, 0, 0));
  assert.deepEqual(seen, [0, 2]);
});
