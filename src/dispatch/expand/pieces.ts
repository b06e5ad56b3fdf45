/** How much of an audience is written. */
export interface Progress {
  /** The last user id expanded so far. */
  position: number;
  /** Number of user ids in the next piece. null: `nextPiece` chooses it from what the first piece found. */
  stride: number | null;
}

/** A range of user ids of a workspace. */
export interface Piece {
  /** The user id before the first of the range. */
  after: number;
  /** The last user id of the range. */
  upTo: number;
  /** Most people that the piece may hold. If it holds more, nothing is written. null: no limit. */
  most: number | null;
}

/** Most people of an audience that a single task drains. A larger audience has a task for each bucket. */
export const ONE_TASK = 1_000;

/** User ids of the first piece: few, so that the first person of a million is served at once. */
const FIRST_STRIDE = 2_000;
/** A piece of this many people takes well under a second. A stop waits that long, and a crash loses that much work. */
const PEOPLE_PER_PIECE = 100_000;
/** Limit for audiences with few people, because a pattern may cost much on each person looked at. */
const LONGEST_STRIDE = 500_000;
/** An audience that seems smaller than this is written as one piece, with whichever index helps. */
const FEW = 20_000;

/**
 * The next piece of an audience whose user ids go from `first` to `last` and of which `found` people are written. The
 * first piece tells how rare the audience is. The rest of a rare one is a single piece, read by its own index, instead
 * of many ranges that nobody is in.
 */
export function nextPiece(
  { position, stride }: Progress,
  range: { first: number; last: number },
  found: number,
): Piece {
  const after = Math.max(position, range.first - 1);
  const upTo = (ids: number) => Math.min(after + ids, range.last);
  if (position < range.first) return { after, upTo: upTo(FIRST_STRIDE), most: null };
  if (stride !== null) return { after, upTo: upTo(stride), most: null };
  const expected = (found / FIRST_STRIDE) * (range.last - after);
  if (expected < FEW) return { after, upTo: range.last, most: FEW };
  return { after, upTo: upTo(2 * FIRST_STRIDE), most: null };
}

/** The progress after a piece in which `found` people were. null: it held more than it may. */
export function progressAfter(piece: Piece, found: number | null, isFirst: boolean): Progress {
  if (found === null) return { position: piece.after, stride: 2 * FIRST_STRIDE };
  if (isFirst) return { position: piece.upTo, stride: null };
  const ids = piece.upTo - piece.after;
  const fitting = found === 0 ? LONGEST_STRIDE : (ids * PEOPLE_PER_PIECE) / found;
  const stride = Math.ceil(Math.min(2 * ids, fitting, LONGEST_STRIDE));
  return { position: piece.upTo, stride };
}
