import { RE2JS } from 're2js';

const MAX_LENGTH = 32_764;
const MAX_REPEATS = 1_000; // in all, nested ones multiplied
const MAX_ONE_REPEAT = 255; // PostgreSQL's own limit

/** Why a pattern is refused; worded for the caller. */
export class PatternError extends Error {}

/**
 * A pattern of the portable subset → the same in PostgreSQL's dialect, to be used with `~*`.
 *
 * Both engines used here are automata without back-references, so that no pattern can make them hang. RE2 decides what is
 * a pattern at all; what PostgreSQL writes differently is translated: `.` leaves out the line feed, `\b` is `\y`.
 * Throws PatternError. Source: audience.md 2.2.
 */
export function translatePattern(pattern: string): string {
  if (pattern.length > MAX_LENGTH) throw new PatternError(`expected at most ${MAX_LENGTH} characters`);
  if (pattern.includes('\0') || !pattern.isWellFormed())
    throw new PatternError('must not hold NUL or broken characters');
  const body = pattern.replace(/^(\(\?i\))+/, '');
  try {
    RE2JS.compile(body, RE2JS.CASE_INSENSITIVE);
  } catch {
    throw new PatternError('is not a regular expression of the supported kind (no look-around, no back-references)');
  }
  return new Translation(body).run();
}

const shorthand: Readonly<Record<string, string>> = {
  b: '\\y',
  B: '\\Y',
  n: '\\n',
  r: '\\r',
  t: '\\t',
  f: '\\f',
  v: '\\v',
};

class Translation {
  readonly #text: readonly string[];
  #at = 0;
  #repeats = 1;
  #out = '';
  #isAssertion = false;
  readonly #depths: number[] = [];

  constructor(pattern: string) {
    this.#text = [...pattern];
  }

  run(): string {
    while (this.#at < this.#text.length) this.#step();
    return this.#out;
  }

  #step(): void {
    const character = this.#take();
    const afterAssertion = this.#isAssertion;
    this.#isAssertion = character === '^' || character === '$';
    if (afterAssertion && /[*+?{]/.test(character)) throw new PatternError('an anchor cannot be repeated');
    if (character === '\\') {
      this.#isAssertion = /[bB]/.test(this.#text[this.#at] ?? '');
      this.#out += this.#escape(false);
    } else if (character === '[') this.#set();
    else if (character === '.') this.#out += '[^\\n]';
    else if (character === '(') this.#open();
    else if (character === ')') this.#close();
    else if (character === '{') this.#count();
    else this.#out += character;
  }

  #take(): string {
    const character = this.#text[this.#at] ?? '';
    this.#at += 1;
    return character;
  }

  #open(): void {
    this.#depths.push(this.#repeats);
    if (this.#text[this.#at] !== '?') {
      this.#out += '(?:'; // nothing is captured, so nothing need be remembered
      return;
    }
    if (this.#text[this.#at + 1] !== ':')
      throw new PatternError('of the groups that begin with (? only (?: is supported');
    this.#at += 2;
    this.#out += '(?:';
  }

  #close(): void {
    this.#depths.pop();
    this.#out += ')';
  }

  /** `{2}`, `{2,}`, `{2,5}`; a brace that counts nothing is itself. */
  #count(): void {
    const rest = this.#text.slice(this.#at, this.#at + 12).join('');
    const match = /^(\d{1,4})(?:,(\d{0,4}))?\}/.exec(rest);
    if (match === null) {
      this.#out += '\\{';
      return;
    }
    const [whole, low = '0', high] = match;
    const most = Math.max(Number(low), high === undefined || high === '' ? 0 : Number(high));
    if (most > MAX_ONE_REPEAT) throw new PatternError(`expected at most ${MAX_ONE_REPEAT} repetitions`);
    this.#repeats *= Math.max(most, 1);
    if (this.#repeats > MAX_REPEATS) throw new PatternError(`expected at most ${MAX_REPEATS} repetitions in all`);
    this.#out += `{${whole}`;
    this.#at += whole.length;
  }

  #escape(inSet: boolean): string {
    const character = this.#take();
    if (/^[dDwWsS]$/.test(character)) {
      if (inSet && /[DWS]/.test(character)) throw new PatternError(`\\${character} is not supported inside [ ]`);
      return `\\${character}`;
    }
    if (Object.hasOwn(shorthand, character) && !(inSet && /[bB]/.test(character))) return shorthand[character] ?? '';
    if (/^[\p{L}\p{N}]?$/u.test(character)) throw new PatternError(`\\${character} is not supported`);
    return /^[!-/:-@[-`{-~]$/.test(character) ? `\\${character}` : character;
  }

  /** A set of characters, from after its `[` to its `]`. */
  #set(): void {
    const negated = this.#text[this.#at] === '^';
    if (negated) this.#at += 1;
    let inside = '';
    let isFirst = true;
    for (;;) {
      const character = this.#take();
      if (character === '' || (character === ']' && !isFirst)) break;
      isFirst = false;
      if (character === '\\') inside += this.#escape(true);
      else if (character === '[') {
        if (/^[:.=]$/.test(this.#text[this.#at] ?? '')) throw new PatternError('[: :] classes are not supported');
        inside += '\\[';
      } else if (character === ']') inside += '\\]';
      else inside += character;
    }
    this.#out += `[${negated ? '^' : ''}${inside}]`;
  }
}
