import { describe } from '../../lib/raw/json.ts';
import {
  dayComparisons,
  type NumberTest,
  numberComparisons,
  type Scalar,
  type TimeTest,
  type UntimedTest,
  type ValueTest,
} from './filter.ts';
import { isFiniteNumber, type LeafBody } from './leaf-body.ts';
import { PatternError, readPattern } from './pattern.ts';

const presence = ['exists', 'does_not_exist'] as const;
const equality = ['equals', 'not_equal', 'does_not_equal'] as const;
const patterns = ['matches_regex', 'does_not_match_regex'] as const;
const inclusion = ['includes_value', 'does_not_include_value'] as const;
const timed = [...dayComparisons, 'after', 'before'] as const;
const lists = ['is_any_of', 'is_none_of'] as const;
export const MAX_LIST = 256;

const untimed = [...equality, ...lists, ...patterns, ...presence, ...numberComparisons, ...inclusion] as const;
type UntimedWord = (typeof untimed)[number];
type TimedWord = (typeof timed)[number];

/** The comparisons of a value of any type. */
export const valueComparisons = [...untimed, ...timed] as const;

/** Reads `comparison` and `value` for a value of any type. Source: audience.md §2.1, table "request time". */
export function readValueTest(body: LeafBody): ValueTest | null {
  const word = body.oneOf('comparison', valueComparisons);
  if (word === null) return null;
  return isTimed(word) ? timeTest(body, word) : untimedTest(body, word);
}

export function readTimeTest(body: LeafBody): TimeTest | null {
  const word = body.oneOf('comparison', timed);
  return word && timeTest(body, word);
}

export function readNumberTest(body: LeafBody): NumberTest | null {
  const word = body.oneOf('comparison', [...equality, ...numberComparisons]);
  const value = body.number('value');
  if (word === null || value === null) return null;
  return { comparison: word === 'does_not_equal' ? 'not_equal' : word, value };
}

const wordsFor = {
  text: [...equality, ...patterns, ...presence, ...lists],
  number: [...equality, ...numberComparisons, ...presence],
  time: [...timed, ...presence],
} as const;

/** The JSON type that `value` must have. null: times are not compared with scalars. */
const jsonTypes = { text: 'string', number: 'number', time: null } as const;

/** Reads the test of a default attribute. Only comparisons that apply to its type are allowed. */
export function readTypedTest(body: LeafBody, type: keyof typeof wordsFor): ValueTest | null {
  const word = body.oneOf<(typeof wordsFor)[keyof typeof wordsFor][number]>('comparison', wordsFor[type]);
  if (word === null) return null;
  if (isTimed(word)) return timeTest(body, word);
  const test = untimedTest(body, word);
  if (test === null || !('value' in test) || typeof test.value === jsonTypes[type]) return test;
  return body.refuse('value', `expected a ${type}, got ${describe(test.value)}`);
}

function isTimed(word: string): word is TimedWord {
  return timed.some((one) => one === word);
}

function untimedTest(body: LeafBody, word: UntimedWord): UntimedTest | null {
  switch (word) {
    case 'exists':
    case 'does_not_exist':
      return { comparison: word };
    case 'equals':
    case 'not_equal':
    case 'does_not_equal': {
      const value = scalar(body);
      return value === null ? null : { comparison: word === 'does_not_equal' ? 'not_equal' : word, value };
    }
    case 'includes_value':
    case 'does_not_include_value': {
      const value = Array.isArray(body.get('value')) ? texts(body) : scalar(body);
      return value === null ? null : { comparison: word, value };
    }
    case 'is_any_of':
    case 'is_none_of': {
      const values = texts(body);
      return values === null ? null : { comparison: word, values };
    }
    case 'matches_regex':
    case 'does_not_match_regex':
      return patternTest(body, word);
    default: {
      const value = body.number('value');
      return value === null ? null : { comparison: word, value };
    }
  }
}

function scalar(body: LeafBody): Scalar | null {
  const value = body.get('value');
  if (typeof value === 'string' || isFiniteNumber(value) || typeof value === 'boolean') return value;
  return body.refuse('value', `expected a text, a number or a boolean, got ${describe(value)}`);
}

function patternTest(body: LeafBody, comparison: (typeof patterns)[number]): UntimedTest | null {
  const value = body.get('value');
  if (typeof value !== 'string')
    return body.refuse('value', `expected a regular expression as text, got ${describe(value)}`);
  try {
    return { comparison, pattern: readPattern(value) };
  } catch (error) {
    if (error instanceof PatternError) return body.refuse('value', error.message);
    throw error;
  }
}

function timeTest(body: LeafBody, comparison: TimedWord): TimeTest | null {
  if (comparison === 'after' || comparison === 'before') {
    const at = body.time('value');
    return at === null ? null : { comparison, at };
  }
  const days = body.get('value');
  if (isFiniteNumber(days) && days >= 0) return { comparison, days };
  return body.refuse('value', `expected a number of days, 0 or more, got ${describe(days)}`);
}

/** Reads an array of texts, or one text as an array of one. An empty array is refused: it must not mean everybody. */
function texts(body: LeafBody): readonly string[] | null {
  const value = body.get('value');
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const isGood = list.length > 0 && list.length <= MAX_LIST && list.every((one) => typeof one === 'string');
  return isGood ? list : body.refuse('value', `expected a text or an array of 1 to ${MAX_LIST} texts`);
}
