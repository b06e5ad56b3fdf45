import {
  type Context,
  defaultOperators,
  ForTag,
  Liquid,
  type Operators,
  type Parser,
  TablerowTag,
  Tag,
  type TagToken,
  type Template,
  type TopLevelToken,
} from 'liquidjs';
import { dialectFilters } from './filters.ts';

/** Thrown by the abort tag; `detail` is the author's own text. */
export class AbortMessage extends Error {}

const tags = [
  'if',
  'unless',
  'case',
  'for',
  'break',
  'continue',
  'cycle',
  'tablerow',
  'assign',
  'capture',
  'increment',
  'decrement',
  'comment',
  '#',
  'raw',
  'echo',
  'liquid',
];

/** The engine knows the tags and filters of the dialect and no others. Source of the limits: personalization.md §11. */
export function createEngine(): Liquid {
  const engine = new Liquid({
    strictFilters: true,
    ownPropertyOnly: true,
    operators: strictOrder(),
    timezoneOffset: 'UTC',
    parseLimit: 4_000_000,
    renderLimit: 1_000,
    memoryLimit: 2_000_000,
    relativeReference: false,
    templates: {}, // no files
  });
  for (const name of Object.keys(engine.tags)) if (!tags.includes(name)) delete engine.tags[name];
  for (const name of Object.keys(engine.filters)) delete engine.filters[name];
  for (const [name, filter] of dialectFilters) engine.registerFilter(name, filter);
  engine.registerTag('for', CountedForTag);
  engine.registerTag('tablerow', CountedTablerowTag);
  engine.registerTag('abort_message', AbortTag);
  engine.registerTag('message_extras', ExtrasTag);
  return engine;
}

/** An order between nil, or values of different types, is never true. JavaScript says that null is less than 1. */
function strictOrder(): Operators {
  const order =
    (compare: (one: string | number, other: string | number) => boolean) => (left: unknown, right: unknown) =>
      (typeof left === 'number' && typeof right === 'number') || (typeof left === 'string' && typeof right === 'string')
        ? compare(left, right)
        : false;
  return {
    ...defaultOperators,
    '>': order((one, other) => one > other),
    '<': order((one, other) => one < other),
    '>=': order((one, other) => one >= other),
    '<=': order((one, other) => one <= other),
  };
}

class AbortTag extends Tag {
  readonly #text: string;

  constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid) {
    super(token, remaining, liquid);
    const match = /^\s*(?:\(\s*(?:'([^']*)'|"([^"]*)")?\s*\))?\s*$/.exec(token.args);
    if (match === null) throw new Error('abort_message takes one text in quotes');
    this.#text = match[1] ?? match[2] ?? '{% abort_message %} called';
  }

  // biome-ignore lint/correctness/useYield: the engine wants a generator
  *render(): Generator<unknown, void, unknown> {
    throw new AbortMessage(this.#text);
  }
}

/** Prints nothing. The pairs are not kept yet: nothing reads them. */
class ExtrasTag extends Tag {
  // biome-ignore lint/correctness/useYield: the engine wants a generator
  *render(): Generator<unknown, void, unknown> {
    return undefined;
  }
}

const MAX_TURNS = 10_000;

/** Where the turns of all loops of one rendering are counted: the variable `_turns`. */
export interface Turns {
  count: number;
}

/** Stands first in the body of every loop. */
function turnOf(token: TagToken): Template {
  return {
    token,
    render(context: Context) {
      const { _turns } = context.environments as { _turns: Turns };
      _turns.count += 1;
      if (_turns.count > MAX_TURNS) throw new Error(`more than ${MAX_TURNS} loop turns`);
      return undefined;
    },
  };
}

class CountedForTag extends ForTag {
  constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid, parser: Parser) {
    super(token, remaining, liquid, parser);
    this.templates.unshift(turnOf(token));
  }
}

class CountedTablerowTag extends TablerowTag {
  constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid, parser: Parser) {
    super(token, remaining, liquid, parser);
    this.templates.unshift(turnOf(token));
  }
}
