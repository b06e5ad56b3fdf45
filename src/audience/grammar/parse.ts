import { didYouMean, nearest } from '../../lib/raw/did-you-mean.ts';
import { describe, elementPath, isObject, memberPath, shown } from '../../lib/raw/json.ts';
import { Problems, type Sink } from '../../lib/raw/problems.ts';
import { connectedLeaves, type LeafKind } from './connected-leaves.ts';
import type { ConnectedLeaf, Filter, SegmentLeaf } from './filter.ts';
import { LeafBody } from './leaf-body.ts';
import { segmentFlags, segmentLeaves } from './segment-leaves.ts';

export interface ParseOptions {
  /** Whether it is a saved segment's filter, which may use NOT and more kinds of filter. Default: false. */
  isSegment?: boolean;
}

const MAX_LEVELS = 10;
export const MAX_FILTERS = 200;
const MAX_BYTES = 256 * 1024;
/** Most unknown filters that are said what they were meant to be. */
const MAX_HINTS = 100;

/**
 * Parses and fully checks a connected audience or a segment's filter. Throws RequestError with every problem and its
 * path, because an audience is never guessed. Source: audience.md §1, §2 and §6.2.
 */
export function parseAudience(value: unknown, path: string, options: ParseOptions = {}): Filter {
  const problems = new Problems();
  const filter = readAudience(value, path, problems, options);
  problems.throwIfAny();
  if (filter === null) throw new Error('an audience without problems gave no filter');
  return filter;
}

/** Like `parseAudience`, but adds the problems to `problems`. If it added any, the returned filter must not be used. */
export function readAudience(
  value: unknown,
  path: string,
  problems: Sink,
  { isSegment = false }: ParseOptions = {},
): Filter | null {
  return new Parser(isSegment ? segmentGrammar : connectedGrammar, problems).parseWhole(value, path);
}

interface Grammar {
  leaves: ReadonlyMap<string, LeafKind<ConnectedLeaf | SegmentLeaf>>;
  flags: ReadonlyMap<string, (is: boolean) => SegmentLeaf>;
  hasNot: boolean;
}

const connectedGrammar: Grammar = {
  leaves: new Map(Object.entries(connectedLeaves)),
  flags: new Map(),
  hasNot: false,
};
const segmentGrammar: Grammar = {
  leaves: new Map([...connectedGrammar.leaves, ...Object.entries(segmentLeaves)]),
  flags: new Map(Object.entries(segmentFlags)),
  hasNot: true,
};

class Parser {
  readonly #grammar: Grammar;
  readonly #problems: Sink;
  #filters = 0;

  constructor(grammar: Grammar, problems: Sink) {
    this.#grammar = grammar;
    this.#problems = problems;
  }

  parseWhole(value: unknown, path: string): Filter | null {
    // The size is checked first, so that an oversized value costs nothing more.
    if (sizeOf(value) > MAX_BYTES) return this.#refuse(path, 'expected at most 256 KiB');
    const filter = this.#parse(value, path, 1);
    if (this.#filters <= MAX_FILTERS) return filter;
    return this.#refuse(path, `expected at most ${MAX_FILTERS} filters`);
  }

  #parse(value: unknown, path: string, level: number): Filter | null {
    if (!isObject(value)) return this.#refuse(path, `expected an object, got ${describe(value)}`);
    const keys = Object.keys(value);
    const [key = ''] = keys;
    if (keys.length !== 1)
      return this.#refuse(path, `expected exactly one member, got ${keys.length}${this.#manyHint(keys)}`);
    if (level > MAX_LEVELS) return this.#refuse(path, `expected at most ${MAX_LEVELS} levels`);
    const at = memberPath(path, key);
    if (key === 'AND' || key === 'OR') return this.#group(key, value[key], at, level);
    if (key === 'NOT' && this.#grammar.hasNot) return this.#not(value[key], at, level);
    return this.#leaf(key, value[key], at, path);
  }

  /** What an object with several members was probably meant to be. */
  #manyHint(keys: readonly string[]): string {
    const { leaves } = this.#grammar;
    const words = this.#words();
    if (keys.length < 2 || this.#filters > MAX_HINTS) return '';
    if (keys.every((key) => words.includes(key))) {
      const each = keys.slice(0, 3).map((key) => `{ "${key}": … }`);
      const all = [...each, ...(keys.length > each.length ? ['…'] : [])].join(', ');
      return `; filters that must all fit stand in a list: { "AND": [${all}] }`;
    }
    if (!keys.includes('comparison')) return '';
    const kind = leaves.has('attribute') && !keys.includes('custom_attribute_name') ? 'attribute' : 'custom_attribute';
    const name = kind === 'attribute' ? 'name' : 'custom_attribute_name';
    return `; a filter stands under its kind, such as { "${kind}": { "${name}": …, "comparison": …, "value": … } }`;
  }

  #refuse(path: string, reason: string): null {
    this.#problems.add('type', path, reason);
    return null;
  }

  #group(operator: 'AND' | 'OR', value: unknown, path: string, level: number): Filter | null {
    if (!Array.isArray(value)) return this.#refuse(path, `expected an array, got ${describe(value)}`);
    if (value.length === 0) return this.#refuse(path, 'expected at least one filter');
    if (value.length > MAX_FILTERS) return this.#refuse(path, `expected at most ${MAX_FILTERS} filters`);
    if (this.#filters > MAX_FILTERS) return null;
    const filters = value.map((one: unknown, index) => this.#parse(one, elementPath(path, index), level + 1));
    return { kind: operator === 'AND' ? 'and' : 'or', filters: filters.filter((filter) => filter !== null) };
  }

  #not(value: unknown, path: string, level: number): Filter | null {
    const filter = this.#parse(value, path, level + 1);
    return filter && { kind: 'not', filter };
  }

  #leaf(key: string, value: unknown, path: string, parent: string): Filter | null {
    this.#filters += 1;
    const flag = this.#grammar.flags.get(key);
    if (flag !== undefined) {
      if (typeof value === 'boolean') return { path, ...flag(value) };
      return this.#refuse(path, `expected true or false, got ${describe(value)}`);
    }
    const kind = this.#grammar.leaves.get(key);
    if (kind === undefined) return this.#refuse(parent, this.#unknown(key));
    if (!isObject(value)) return this.#refuse(path, `expected an object, got ${describe(value)}`);
    const body = new LeafBody(value, path, this.#problems);
    body.refuseUnknown(kind.members);
    const leaf = kind.read(body);
    return leaf && { path, ...leaf };
  }

  #unknown(key: string): string {
    const words = this.#words();
    const among = `one of ${words.join(', ')}`;
    if (!this.#grammar.hasNot && isOnlyOfSegments(key))
      return `"${shown(key)}" is only known in segments, and an audience has ${among}; put it into a segment and name that with segment_id`;
    const meant = this.#filters <= MAX_HINTS ? nearest(key, words) : null;
    return `"${shown(key)}" is not ${among}${didYouMean(meant)}`;
  }

  #words(): string[] {
    const { hasNot, leaves, flags } = this.#grammar;
    return ['AND', 'OR', ...(hasNot ? ['NOT'] : []), ...leaves.keys(), ...flags.keys()];
  }
}

function isOnlyOfSegments(key: string): boolean {
  return key === 'NOT' || Object.hasOwn(segmentLeaves, key) || Object.hasOwn(segmentFlags, key);
}

/** Size of the JSON text, in bytes. Values nested too deeply to measure count as too large. */
function sizeOf(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(value) ?? '');
  } catch (error) {
    if (error instanceof RangeError) return Number.POSITIVE_INFINITY;
    throw error;
  }
}
