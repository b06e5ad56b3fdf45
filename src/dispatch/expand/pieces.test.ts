import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { nextPiece, type Piece, type Progress, progressAfter } from './pieces.ts';

interface Walk {
  pieces: Piece[];
  written: number[];
}

/** Walks an audience as an expansion does. `ids`: sorted user ids. */
function walk(ids: readonly number[], range: { first: number; last: number }): Walk {
  const pieces: Piece[] = [];
  const written: number[] = [];
  let progress: Progress = { position: 0, stride: null };
  for (;;) {
    const piece = nextPiece(progress, range, written.length);
    pieces.push(piece);
    const inside = ids.filter((id) => id > piece.after && id <= piece.upTo);
    const found = piece.most !== null && inside.length > piece.most ? null : inside.length;
    if (found !== null) written.push(...inside);
    if (found !== null && piece.upTo >= range.last) return { pieces, written };
    progress = progressAfter(piece, found, progress.position < range.first);
    assert.ok(pieces.length < 1_000, 'the walk ends');
  }
}

const every = (step: number, count: number, from = 1) =>
  Array.from({ length: count }, (_, index) => from + index * step);

test('the pieces of any audience write everybody once, in order', () => {
  const idSets = fc.uniqueArray(fc.integer({ min: 5, max: 3_000_000 }), { maxLength: 200 });
  fc.assert(
    fc.property(idSets, fc.integer({ min: 1, max: 3_000_000 }), (ids, last) => {
      const sorted = ids.filter((id) => id <= last).sort((one, other) => one - other);
      const { pieces, written } = walk(sorted, { first: 5, last });
      assert.deepEqual(written, sorted);
      for (const { after, upTo } of pieces) assert.ok(upTo - after <= 500_000 || pieces.length <= 2);
    }),
  );
});

test('the first piece is small, and the next ones grow to a hundred thousand people', () => {
  const { pieces } = walk(every(1, 400_000), { first: 1, last: 400_000 });
  const sizes = pieces.map(({ after, upTo }) => upTo - after);
  assert.deepEqual(sizes, [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 100_000, 100_000, 74_000]);
});

test('a rare audience takes two pieces; one that only seemed rare continues by ranges', () => {
  const rare = walk(every(1_000, 1_000), { first: 1, last: 1_000_000 });
  assert.deepEqual(rare.pieces, [
    { after: 0, upTo: 2_000, most: null },
    { after: 2_000, upTo: 1_000_000, most: 20_000 },
  ]);
  const late = walk(every(1, 30_000, 900_000), { first: 1, last: 1_000_000 });
  assert.deepEqual(late.pieces[1], { after: 2_000, upTo: 1_000_000, most: 20_000 });
  assert.deepEqual(late.pieces[2], { after: 2_000, upTo: 6_000, most: null });
  assert.equal(late.written.length, 30_000);
});

test('the first piece begins at the first user id of the workspace', () => {
  const { pieces } = walk(every(1, 10, 5_000_000), { first: 5_000_000, last: 5_000_009 });
  assert.deepEqual(pieces, [{ after: 4_999_999, upTo: 5_000_009, most: null }]);
  assert.deepEqual(walk([], { first: 1, last: 0 }).pieces.length, 1, 'nobody at all');
});
