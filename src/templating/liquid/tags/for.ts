import { Body } from '../body.ts';
import { TemplateSyntaxError } from '../errors.ts';
import { type Expression, nilLiteral } from '../expression.ts';
import type { Frame } from '../frame.ts';
import { isNamePart, Markup } from '../reading/markup.ts';
import { parseExpression } from '../reading/parse-expression.ts';
import type { Parser, TagParser } from '../reading/parser.ts';
import { toInteger } from '../values/numbers.ts';
import { type Drop, isNil, type Value } from '../values/values.ts';
import { attributesOf } from './attributes.ts';
import { type Items, itemsOf, Loop, reversed } from './loop.ts';

interface Header {
  variable: string;
  /** Loops of one name go on where the last one ended, if they say `offset: continue`. */
  name: string;
  collection: Expression;
  isReversed: boolean;
  limit: Expression;
  /** Null: continue. */
  offset: Expression | null;
}

/** The variable `forloop`. */
export class ForLoop extends Loop {
  readonly #name: string;
  readonly #parent: Drop | null;

  constructor(length: number, name: string, parent: Drop | null) {
    super(length);
    this.#name = name;
    this.#parent = parent;
  }

  override get(name: string): Value {
    if (name === 'parentloop') return this.#parent;
    return name === 'name' ? this.#name : super.get(name);
  }

  toString(): string {
    return 'Liquid::ForloopDrop';
  }
}

export const forTag: TagParser = (tag, parser) => {
  const header = readHeader(new Markup(parser.translate(tag.markup, 'operand')), parser);
  const body = new Body();
  let otherwise: Body | null = null;
  parser.parseBlock('for', body, (part) => {
    if (part.name !== 'else' || otherwise !== null) return null;
    otherwise = new Body();
    return otherwise;
  });
  return node(header, body, otherwise);
};

function node(header: Header, body: Body, otherwise: Body | null) {
  const isSilent = body.isSilent && (otherwise?.isSilent ?? true);
  if (isSilent) for (const each of [body, otherwise]) each?.dropTexts();
  return {
    isSilent,
    render: (frame: Frame) => {
      const items = itemsFor(header, frame);
      if (items.length === 0) otherwise?.render(frame);
      else renderLoop(header, items, body, frame);
    },
  };
}

/** `item in collection reversed limit: 2 offset: 1`. `reversed` counts right behind the collection only. */
function readHeader(markup: Markup, parser: Parser): Header {
  let end = 0;
  while (isNamePart(markup.code(end))) end += 1;
  const inWord = markup.skipSpace(end);
  const start = markup.skipSpace(inWord + 2);
  let collectionEnd = start;
  for (let next = markup.fragmentEnd(start); next > collectionEnd; next = markup.fragmentEnd(next))
    collectionEnd = next;
  const isFor = end > 0 && inWord > end && markup.text.startsWith('in', inWord) && start > inWord + 2;
  if (!isFor || collectionEnd === start) throw new TemplateSyntaxError('tag for: expected item in collection');
  const [variable, collection] = [markup.slice(0, end), markup.slice(start, collectionEnd)];
  const read = (text: string): Expression => parseExpression(text, parser.personal);
  const header: Header = {
    variable,
    name: `${variable}-${collection}`,
    collection: read(collection),
    isReversed: markup.text.startsWith('reversed', markup.skipSpace(collectionEnd)),
    limit: nilLiteral,
    offset: nilLiteral,
  };
  for (const [key, value] of attributesOf(markup)) {
    if (key === 'limit') header.limit = read(value);
    if (key === 'offset') header.offset = value === 'continue' ? null : read(value);
  }
  return header;
}

function itemsFor(header: Header, frame: Frame): Items {
  const from = header.offset === null ? (frame.offsets.get(header.name) ?? 0) : (bound(header.offset, frame) ?? 0);
  const collection = header.collection.evaluate(frame);
  const limit = bound(header.limit, frame);
  const items = itemsOf(collection, from, limit === null ? null : from + limit);
  frame.offsets.set(header.name, from + items.length);
  return header.isReversed ? reversed(items) : items;
}

function bound(expression: Expression, frame: Frame): number | null {
  const value = expression.evaluate(frame);
  return isNil(value) ? null : Number(toInteger(value, frame.budget));
}

function renderLoop({ variable, name }: Header, items: Items, body: Body, frame: Frame): void {
  const loop = new ForLoop(items.length, name, frame.loops.at(-1) ?? null);
  frame.loops.push(loop);
  frame.withScope((scope) => {
    scope.set('forloop', loop);
    for (; loop.index0 < items.length; loop.index0 += 1) {
      frame.budget.turn();
      scope.set(variable, items.at(loop.index0));
      body.render(frame);
      if (frame.interrupts.pop() === 'break') break;
    }
  });
  frame.loops.pop();
}
