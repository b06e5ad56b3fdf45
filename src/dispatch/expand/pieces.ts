/** How far an audience is written. */
export interface Progress {
  /** Everybody up to this user id is. */
  position: number;
  /** User ids of the next piece; null until the first piece is written and says how large it may be. */
  stride: number | null;
}

/** A range of user ids of a workspace. */
export interface Piece {
  /** Exclusive. */
  after: number;
  /** Inclusive. */
  upTo: number;
  /** Where it holds more people than this, nothing is written; null = however many. */
  most: number | null;
}

/** People of a whole audience that one task may drain; larger ones have a task for each bucket. */
export const ONE_TASK = 1_000;

/** Small, so that the first person of a million is served at once. */
const FIRST_STRIDE = 2_000;
/** A piece of so many people takes well under a second: so long a stop of the server waits, and so much a crash loses. */
const PEOPLE_PER_PIECE = 100_000;
/** However few people are found: a pattern may cost much on each person that is looked at. */
const LONGEST_STRIDE = 500_000;
/** An audience that seems to be smaller is taken as a whole, with whatever index helps. */
const FEW = 20_000;

/**
 * The next piece of an audience in which user ids go from `first` to `last`, and of which `found` people are written.
 * The first piece tells how rare the audience is: of a rare one the rest comes as one piece, by its own index, instead of
 * by ranges that nobody is in.
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

/** After a piece in which `found` people were; null where there were more than it might hold. */
export function progressAfter(piece: Piece, found: number | null, isFirst: boolean): Progress {
  if (found === null) return { position: piece.after, stride: 2 * FIRST_STRIDE };
  if (isFirst) return { position: piece.upTo, stride: null };
  const ids = piece.upTo - piece.after;
  const fitting = found === 0 ? LONGEST_STRIDE : (ids * PEOPLE_PER_PIECE) / found;
  const stride = Math.ceil(Math.min(2 * ids, fitting, LONGEST_STRIDE));
  return { position: piece.upTo, stride };
}
