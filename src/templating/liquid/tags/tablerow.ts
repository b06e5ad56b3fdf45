import { Body } from '../body.ts';
import { LiquidError, TemplateSyntaxError } from '../errors.ts';
import { type Expression, nilLiteral } from '../expression.ts';
import type { Frame } from '../frame.ts';
import { isWord, Markup } from '../reading/markup.ts';
import { parseExpression } from '../reading/parse-expression.ts';
import type { Parser, TagParser } from '../reading/parser.ts';
import { readInteger } from '../values/numbers.ts';
import { floatValue, isFloat, isInteger, isNil, isTruthy, type Value } from '../values/values.ts';
import { attributesOf } from './attributes.ts';
import { itemsOf, Loop } from './loop.ts';

interface Header {
  variable: string;
  collection: Expression;
  limit: Expression | null;
  offset: Expression;
  columns: Expression;
}

/** The variable `tablerowloop`. */
class TableLoop extends Loop {
  readonly #columns: number;
  row = 1;
  column = 1;

  constructor(length: number, columns: number) {
    super(length);
    this.#columns = columns;
  }

  get endsRow(): boolean {
    return this.column === this.#columns;
  }

  advance(): void {
    this.index0 += 1;
    if (this.endsRow) this.row += 1;
    this.column = this.endsRow ? 1 : this.column + 1;
  }

  override get(name: string): Value {
    switch (name) {
      case 'row':
        return this.row;
      case 'col':
        return this.column;
      case 'col0':
        return this.column - 1;
      case 'col_first':
        return this.column === 1;
      case 'col_last':
        return this.endsRow;
      default:
        return super.get(name);
    }
  }

  toString(): string {
    return 'Liquid::TablerowloopDrop';
  }
}

/** The items of a collection as the cells of a table. */
export const tablerow: TagParser = (tag, parser) => {
  const header = readHeader(new Markup(parser.translate(tag.markup, 'operand')), parser);
  const body = new Body();
  parser.parseBlock('tablerow', body);
  return { isSilent: body.isSilent, render: (frame) => renderTable(header, body, frame) };
};

/** `item in collection cols: 2 limit: 4 offset: 1` */
function readHeader(markup: Markup, parser: Parser): Header {
  const { variable, start } = readVariable(markup);
  let end = start;
  for (let next = markup.fragmentEnd(start); next > end; next = markup.fragmentEnd(next)) end = next;
  if (end === start) throw new TemplateSyntaxError('tag tablerow: expected item in collection');
  const attributes = new Map(attributesOf(markup));
  const read = (key: string): Expression | null => {
    const text = attributes.get(key);
    return text === undefined ? null : parseExpression(text, parser.personal);
  };
  return {
    variable,
    collection: parseExpression(markup.slice(start, end), parser.personal),
    limit: read('limit'),
    offset: read('offset') ?? nilLiteral,
    columns: read('cols') ?? nilLiteral,
  };
}

/** The word before the first ` in `, and where the collection starts. */
function readVariable(markup: Markup): { variable: string; start: number } {
  for (let at = 0; at < markup.length; ) {
    const end = markup.wordEnd(at);
    const inWord = markup.skipSpace(end);
    const start = markup.skipSpace(inWord + 2);
    if (end > at && inWord > end && markup.text.startsWith('in', inWord) && start > inWord + 2)
      return { variable: markup.slice(at, end), start };
    at = isWord(markup.code(at)) ? end : at + 1;
  }
  throw new TemplateSyntaxError('tag tablerow: expected item in collection');
}

function renderTable(header: Header, body: Body, frame: Frame): void {
  const collection = header.collection.evaluate(frame);
  if (!isTruthy(collection)) return;
  const from = whole(header.offset, frame);
  const items = itemsOf(collection, from, header.limit === null ? null : from + whole(header.limit, frame));
  const loop = new TableLoop(items.length, whole(header.columns, frame));
  frame.write('<tr class="row1">\n');
  frame.withScope((scope) => {
    scope.set('tablerowloop', loop);
    for (; loop.index0 < items.length; loop.advance()) {
      frame.budget.turn();
      scope.set(header.variable, items.at(loop.index0));
      renderCell(loop, body, frame);
    }
  });
  frame.write('</tr>\n');
}

function renderCell(loop: TableLoop, body: Body, frame: Frame): void {
  frame.write(`<td class="col${loop.column}">`);
  body.render(frame);
  frame.write('</td>');
  if (loop.endsRow && loop.index0 < loop.length - 1) frame.write(`</tr>\n<tr class="row${loop.row + 1}">`);
}

/** A number without what follows its point; a text as far as it is one. */
function whole(expression: Expression, frame: Frame): number {
  const value = expression.evaluate(frame);
  if (isNil(value)) return 0;
  if (typeof value === 'string') return Number(readInteger(value));
  if (isInteger(value)) return Number(value);
  if (isFloat(value)) return Math.trunc(floatValue(value));
  throw new LiquidError('tag tablerow: expected a number');
}
