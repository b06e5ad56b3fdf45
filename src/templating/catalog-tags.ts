import { hostOf } from './hosts.ts';
import { LiquidError, TemplateSyntaxError } from './liquid/errors.ts';
import type { Expression } from './liquid/expression.ts';
import type { Frame } from './liquid/frame.ts';
import type { Parser, TagParser } from './liquid/reading/parser.ts';
import { toOutput } from './liquid/values/show.ts';
import { isSpace } from './liquid/values/text.ts';
import type { Hash } from './liquid/values/values.ts';
import { findOutputEnd } from './reading/output-end.ts';

/** An item of a catalog, as a template sees it. */
export type CatalogItem = Readonly<Record<string, unknown>>;

export interface FoundItems {
  items: readonly CatalogItem[];
  /** Length of their JSON texts together. */
  characters: number;
}

/**
 * Gives a rendering the items of its workspace's catalogs. What is not loaded yet is given as nothing and noted, so that it
 * can be loaded before the message is rendered again. Throws LimitReached.
 */
export interface CatalogReader {
  /** The items with these ids, in this order. Unknown ones are left out. */
  items(catalog: string, ids: readonly string[]): FoundItems;
  /** The items of a selection. `render`: renders a value of its filters; null: that cannot be done. */
  selection(catalog: string, selection: string, render: (text: string) => string | null): FoundItems;
}

/** What the tags of a rendering are given by its template. */
export class CatalogHost {
  readonly reader: CatalogReader;
  /** Renders a text of an item, in which no catalogs can be read. */
  readonly renderText: (text: string, variables: Hash, frame: Frame) => string;
  /** Renders a value of a selection's filter. */
  readonly renderValue: (text: string, frame: Frame) => string | null;

  constructor(reader: CatalogReader, render: { text: CatalogHost['renderText']; value: CatalogHost['renderValue'] }) {
    this.reader = reader;
    this.renderText = render.text;
    this.renderValue = render.value;
  }
}

/** Which catalog a tag reads. */
export interface CatalogUse {
  /** null: a variable says which. */
  catalog: string | null;
  /** null: the tag reads items by their ids, or a variable says which selection. */
  selection: string | null;
  /** The ids of items that the tag itself says. */
  ids: readonly string[];
  /** True: the tag reads the same items for everybody. */
  isConstant: boolean;
  /** True: texts that are not known yet are rendered, and may read every fact. */
  rendersTexts: boolean;
  /** Fields of items that the template reads, as far as it says them itself. Absent: not known. */
  fields?: readonly string[];
}

const MOST_IDS = 50;
/** Work to parse a character, in about nanoseconds. */
const PARSING_WORK = 100;

/** `{% catalog_items <catalog> <id> … %}`. `uses` gets what it reads. Source: catalogs.md §9. */
export function catalogItems(uses: CatalogUse[]): TagParser {
  return ({ markup }, parser) => {
    const { catalog, others, rerenders } = readTag('catalog_items', markup, parser);
    if (others.length > MOST_IDS)
      throw new TemplateSyntaxError(`catalog_items: expected at most ${MOST_IDS} ids, got ${others.length}`);
    const isConstant = catalog.literal !== null && others.every(({ literal }) => literal !== null);
    const ids = others.flatMap(({ literal }) => literal ?? []);
    uses.push({ catalog: catalog.literal, selection: null, ids, isConstant, rendersTexts: rerenders });
    return {
      isSilent: true,
      render(frame) {
        const ids = others.map((id) => id.evaluate(frame));
        give(frame, rerenders, ({ reader }) => reader.items(catalog.evaluate(frame), ids));
      },
    };
  };
}

/** `{% catalog_selection_items <catalog> <selection> %}`. `uses` gets what it reads. Source: catalogs.md §9. */
export function catalogSelectionItems(uses: CatalogUse[]): TagParser {
  return ({ markup }, parser) => {
    const { catalog, others, rerenders } = readTag('catalog_selection_items', markup, parser);
    const [selection] = others;
    if (selection === undefined || others.length > 1)
      throw new TemplateSyntaxError('catalog_selection_items: expected a catalog and a selection');
    uses.push({
      catalog: catalog.literal,
      selection: selection.literal,
      ids: [],
      isConstant: false,
      rendersTexts: true,
    });
    return {
      isSilent: true,
      render(frame) {
        give(frame, rerenders, ({ reader, renderValue }) =>
          reader.selection(catalog.evaluate(frame), selection.evaluate(frame), (text) => renderValue(text, frame)),
        );
      },
    };
  };
}

/** A tag that stands in a text of an item, where it reads nothing: it is printed. */
export const printedTag: TagParser = ({ name, markup }) => ({
  isSilent: false,
  render: (frame) => frame.write(`{% ${name} ${markup.trim()} %}`),
});

function give(frame: Frame, rerenders: boolean, find: (host: CatalogHost) => FoundItems): void {
  const host = hostOf(frame.host, CatalogHost);
  if (host === null) throw new LiquidError('catalogs cannot be read here');
  const { items, characters } = find(host);
  frame.budget.list(items.length);
  frame.budget.work(characters);
  frame.hold(characters);
  frame.assign('items', rerenders ? rerendered(items, frame, host) : items);
}

/** The items with their texts rendered once. Texts within objects and arrays stay as they are. */
function rerendered(items: readonly CatalogItem[], frame: Frame, { renderText }: CatalogHost): CatalogItem[] {
  const variables = frame.visible();
  return items.map((item) => {
    const members = Object.entries(item).map(([name, value]) => {
      if (typeof value !== 'string' || !/\{[{%]/.test(value)) return [name, value];
      frame.budget.work(PARSING_WORK * value.length);
      const text = renderText(value, variables, frame);
      frame.hold(text.length);
      return [name, text];
    });
    return Object.fromEntries(members);
  });
}

interface Argument {
  /** The word itself. null: it has an expression. */
  literal: string | null;
  evaluate(frame: Frame): string;
}

function readTag(tag: string, markup: string, parser: Parser) {
  const words = readWords(markup, parser);
  const kept = words.filter(({ literal }) => literal !== ':rerender');
  const [catalog, ...others] = kept;
  if (catalog === undefined) throw new TemplateSyntaxError(`${tag}: expected the name of a catalog`);
  return { catalog, others, rerenders: kept.length < words.length };
}

/** Words between blanks. What stands in double braces is part of its word. */
function readWords(markup: string, parser: Parser): Argument[] {
  const words: Argument[] = [];
  for (let at = skipSpace(markup, 0); at < markup.length; at = skipSpace(markup, at)) {
    const parts: (string | Expression)[] = [];
    let plain = at;
    while (at < markup.length && !isSpace(markup.charCodeAt(at))) {
      if (!markup.startsWith('{{', at)) {
        at += 1;
        continue;
      }
      const end = findOutputEnd(markup, at + 2);
      if (typeof end === 'string') throw new TemplateSyntaxError(end);
      parts.push(markup.slice(plain, at), parser.expression(markup.slice(at + 2, end)));
      at = end + 2;
      plain = at;
    }
    parts.push(markup.slice(plain, at));
    words.push(argumentOf(parts));
  }
  return words;
}

function argumentOf(parts: readonly (string | Expression)[]): Argument {
  const [only] = parts;
  if (parts.length === 1 && typeof only === 'string') {
    const literal = /^(["'])(.*)\1$/s.exec(only)?.[2] ?? only;
    return { literal, evaluate: () => literal };
  }
  return {
    literal: null,
    evaluate: (frame) =>
      parts
        .map((part) => (typeof part === 'string' ? part : toOutput(part.evaluate(frame), frame.budget)))
        .join('')
        .trim(),
  };
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}
