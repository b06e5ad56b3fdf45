import { own } from '../../lib/raw/json.ts';
import {
  type CharacterSet,
  hasCases,
  merge,
  type Ranges,
  shorthands,
  withBothCases,
  writeSet,
} from './character-set.ts';
import type { Pattern } from './filter.ts';

const MAX_LENGTH = 32_764;
const MAX_DEPTH = 100;
const MAX_COUNT = 255; // PostgreSQL's own limit
/** Characters, counted with their repetitions: they determine the size of the automaton. */
const MAX_SIZE = 32_764;
/** Optional parts, counted with their repetitions: the automaton grows with the square of their number. */
const MAX_OPTIONAL = 250;
/** Ranges that reach beyond ASCII: each costs a look at all its letters. */
const MAX_WIDE_RANGES = 200;

/** A pattern is refused. The message is for the caller of the API. */
export class PatternError extends Error {}

/**
 * Reads a pattern of the portable subset and rewrites it so that PostgreSQL's `~` and RE2 agree on it. The question
 * is whether a text contains a match, so groups do not capture and laziness is dropped. Each letter is written in both
 * cases. The result is an automaton without back-references: no text makes it hang, and its size is limited here.
 * Throws PatternError. Source: audience.md §2.2.
 */
export function readPattern(given: string): Pattern {
  if (given.length > MAX_LENGTH) throw new PatternError(`expected at most ${MAX_LENGTH} characters`);
  if (given.includes('\0') || !given.isWellFormed()) throw new PatternError('must not hold NUL or broken characters');
  const { text, size } = new PatternReader(given.replace(/^(\(\?i\))+/, '')).read();
  return { given, size, forRe2: text.re2, forPostgres: text.postgres };
}

/** A part of a pattern. */
interface Piece {
  /** The part in the syntax of each engine. */
  text: { re2: string; postgres: string };
  /** Number of characters, with repetitions; limited by MAX_SIZE. */
  size: number;
  /** Number of optional parts, with repetitions; limited by MAX_OPTIONAL. */
  optional: number;
}

const word = '[0-9A-Za-z_]';
/** Written out, because PostgreSQL's own `\y` depends on the locale. */
const boundaries: Readonly<Record<string, string>> = {
  b: `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`,
  B: `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`,
};
const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' };
const anyButLineFeed: CharacterSet = { ranges: [[0x0a, 0x0a]], isNegated: true };

class PatternReader {
  readonly #characters: readonly string[];
  #at = 0;
  #wideRanges = 0;

  constructor(pattern: string) {
    this.#characters = [...pattern];
  }

  read(): Piece {
    const piece = this.#alternatives(0);
    if (this.#next() !== undefined) throw new PatternError('a ) closes nothing');
    return piece;
  }

  #next(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(): string | undefined {
    const character = this.#next();
    this.#at += 1;
    return character;
  }

  #alternatives(depth: number): Piece {
    const branches = [this.#branch(depth)];
    while (this.#next() === '|') {
      this.#at += 1;
      branches.push(this.#branch(depth));
    }
    return join(branches, '|');
  }

  #branch(depth: number): Piece {
    const pieces: Piece[] = [];
    for (;;) {
      const character = this.#next();
      if (character === undefined || character === '|' || character === ')') return join(pieces, '');
      pieces.push(this.#quantified(depth));
    }
  }

  #quantified(depth: number): Piece {
    const { piece, isAnchor } = this.#atom(depth);
    const quantifier = this.#quantifier();
    if (quantifier === null) return piece;
    if (isAnchor) throw new PatternError('an anchor cannot be repeated');
    if (this.#next() === '?') this.#at += 1; // A lazy repetition finds the same matches.
    if (this.#quantifier() !== null) throw new PatternError('a repetition cannot be repeated');
    return repeat(piece, quantifier);
  }

  #quantifier(): Quantifier | null {
    const character = this.#next();
    const simple = character === undefined ? undefined : simpleQuantifiers.get(character);
    if (simple !== undefined) {
      this.#at += 1;
      return simple;
    }
    return character === '{' ? this.#count() : null;
  }

  /** Reads `{2}`, `{2,}` or `{2,5}`. null: the brace is an ordinary character. */
  #count(): Quantifier | null {
    const rest = this.#characters.slice(this.#at, this.#at + 16).join('');
    const [whole, low, comma, high] = /^\{(\d{1,6})(?:(,)(\d{0,6}))?\}/.exec(rest) ?? [];
    if (whole === undefined) return null;
    this.#at += whole.length;
    const least = Number(low);
    const most = comma === undefined ? least : high === '' || high === undefined ? null : Number(high);
    if (Math.max(least, most ?? 0) > MAX_COUNT) throw new PatternError(`expected at most ${MAX_COUNT} repetitions`);
    if (most !== null && most < least) throw new PatternError('a repetition ends before it begins');
    return { text: `{${least}${most === least ? '' : `,${most ?? ''}`}}`, least, most };
  }

  #atom(depth: number): { piece: Piece; isAnchor: boolean } {
    const character = this.#take() ?? '';
    if (character === '^' || character === '$') return { piece: anchor(character, character), isAnchor: true };
    if (character === '\\') return this.#escape();
    if (character === '(') return { piece: this.#group(depth), isAnchor: false };
    if (simpleQuantifiers.has(character)) throw new PatternError(`a ${character} repeats nothing`);
    if (character === '[') return { piece: ofSet(this.#set()), isAnchor: false };
    return { piece: character === '.' ? ofSet(anyButLineFeed) : ofCharacter(character), isAnchor: false };
  }

  #group(depth: number): Piece {
    if (depth >= MAX_DEPTH) throw new PatternError(`expected at most ${MAX_DEPTH} groups inside each other`);
    if (this.#next() === '?') {
      this.#at += 1;
      if (this.#take() !== ':') throw new PatternError('of the groups that begin with (? only (?: is supported');
    }
    const piece = this.#alternatives(depth + 1);
    if (this.#take() !== ')') throw new PatternError('a ( is not closed');
    return { ...piece, text: both(piece.text, (text) => `(?:${text})`) };
  }

  #escape(): { piece: Piece; isAnchor: boolean } {
    const boundary = this.#next() === undefined ? undefined : boundaries[this.#next() ?? ''];
    if (boundary === undefined) {
      const { ranges, isClass } = this.#escaped();
      return { piece: ofSet({ ranges: isClass ? ranges : withBothCases(ranges), isNegated: false }), isAnchor: false };
    }
    return { piece: anchor(`\\${this.#take()}`, boundary), isAnchor: true };
  }

  /** Reads what follows a backslash. */
  #escaped(): { ranges: Ranges; isClass: boolean } {
    const character = this.#take();
    if (character === undefined) throw new PatternError('a \\ escapes nothing');
    const shorthand = shorthands.get(character);
    if (shorthand !== undefined) return { ranges: shorthand, isClass: true };
    const control = own(controls, character);
    if (control === undefined && /^[\p{L}\p{N}]$/u.test(character)) {
      throw new PatternError(`\\${character} is not supported`);
    }
    return { ranges: only(control ?? character), isClass: false };
  }

  /** Reads a set of characters after its `[`, up to and including its `]`. */
  #set(): CharacterSet {
    const isNegated = this.#next() === '^';
    if (isNegated) this.#at += 1;
    const plain: Ranges[number][] = [];
    const classes: Ranges[number][] = [];
    do {
      const { ranges, isClass } = this.#member();
      const [end, beyond] = [this.#next(), this.#characters[this.#at + 1]];
      if (end === '-' && beyond !== ']' && beyond !== undefined) {
        this.#at += 1;
        plain.push(this.#range(ranges, this.#member().ranges));
      } else (isClass ? classes : plain).push(...ranges);
    } while (this.#next() !== ']');
    this.#at += 1;
    return { ranges: merge([...withBothCases(plain), ...classes]), isNegated };
  }

  #range(low: Ranges, high: Ranges): Ranges[number] {
    const [start, end] = [low[0]?.[0] ?? 0, high[0]?.[0] ?? 0];
    const isPlain = [low, high].every((one) => one.length === 1 && one[0]?.[0] === one[0]?.[1]);
    if (!isPlain || start > end) throw new PatternError('a range inside [ ] does not go from one character to a later');
    if (end > 0x7f) this.#wideRanges += 1;
    if (this.#wideRanges <= MAX_WIDE_RANGES) return [start, end];
    throw new PatternError(`expected at most ${MAX_WIDE_RANGES} ranges that reach beyond ASCII`);
  }

  #member(): { ranges: Ranges; isClass: boolean } {
    const character = this.#take();
    if (character === undefined) throw new PatternError('a [ is not closed');
    if (character === '[' && /^[:.=]$/.test(this.#next() ?? '')) {
      throw new PatternError('[: :] classes are not supported');
    }
    if (character !== '\\') return { ranges: only(character), isClass: false };
    return this.#escaped();
  }
}

interface Quantifier {
  text: string;
  least: number;
  /** The most repetitions. null: no limit. */
  most: number | null;
}

const simpleQuantifiers: ReadonlyMap<string, Quantifier> = new Map([
  ['*', { text: '*', least: 0, most: null }],
  ['+', { text: '+', least: 1, most: null }],
  ['?', { text: '?', least: 0, most: 1 }],
]);

function both(text: Piece['text'], change: (text: string) => string): Piece['text'] {
  return { re2: change(text.re2), postgres: change(text.postgres) };
}

function join(pieces: readonly Piece[], separator: string): Piece {
  const joined = {
    text: {
      re2: pieces.map(({ text }) => text.re2).join(separator),
      postgres: pieces.map(({ text }) => text.postgres).join(separator),
    },
    size: pieces.reduce((sum, { size }) => sum + size, 0),
    optional: pieces.reduce((sum, { optional }) => sum + optional, 0),
  };
  return bounded(joined);
}

function repeat(piece: Piece, { text, least, most }: Quantifier): Piece {
  const times = Math.max(most ?? least, 1);
  return bounded({
    text: both(piece.text, (inner) => inner + text),
    size: piece.size * times,
    optional: piece.optional * times + (least === 0 ? 1 : 0),
  });
}

function bounded(piece: Piece): Piece {
  if (piece.size > MAX_SIZE) throw new PatternError(`expected at most ${MAX_SIZE} characters, repetitions counted`);
  if (piece.optional <= MAX_OPTIONAL) return piece;
  throw new PatternError(`expected at most ${MAX_OPTIONAL} parts that may be missing, repetitions counted`);
}

function anchor(re2: string, postgres: string): Piece {
  return { text: { re2, postgres }, size: 1, optional: 0 };
}

function ofSet(set: CharacterSet): Piece {
  const text = writeSet(set);
  return { text: { re2: text, postgres: text }, size: 1, optional: 0 };
}

const piecesByLetter = new Map<string, Piece>();

/** The pieces of letters are kept, because long patterns are mostly plain letters. */
function ofCharacter(character: string): Piece {
  const known = piecesByLetter.get(character);
  if (known !== undefined) return known;
  if (!hasCases(character)) return ofSet({ ranges: only(character), isNegated: false });
  const piece = ofSet({ ranges: withBothCases(only(character)), isNegated: false });
  piecesByLetter.set(character, piece);
  return piece;
}

function only(character: string): Ranges {
  const codePoint = character.codePointAt(0) ?? 0;
  return [[codePoint, codePoint]];
}
