import { TemplateSyntaxError } from './liquid/errors.ts';
import type { Expression } from './liquid/expression.ts';
import type { Filters } from './liquid/filter.ts';
import { MARK, Markup } from './liquid/reading/markup.ts';
import type { MarkupKind } from './liquid/reading/parser.ts';
import { parsePiped } from './liquid/reading/piped.ts';
import { checkOperators } from './reading/check-markup.ts';
import { Passage, type Places, type Reference } from './reading/passage.ts';

export type { Reference } from './reading/passage.ts';

/** The name space of content blocks: `{{content_blocks.${name}}}`. */
export const BLOCK_SPACE = 'content_blocks';

/** The name of the workspace's footer for mails: `{{${email_footer}}}`. */
export const FOOTER_NAME = 'email_footer';

/** Source: adjacent-endpoints.md §6.2. */
export function isBlockName(name: string): boolean {
  return /^[A-Za-z0-9_-]{1,99}$/.test(name);
}

/** `promotion('name')` in an output or `assign`, which would otherwise print nothing where a code is promised. */
const promotion = /^(?:\s*\w+\s*=)?\s*(?:\{\{\s*)?promotion\s*\(/;

/**
 * The dialect of personalization tags → standard Liquid. References, and outputs with filters that stand in tags or
 * outputs, become personal expressions, so that whatever stands in `${…}` is taken literally. Other inner braces are
 * taken away. Takes time that grows with the length of the markup. Source: personalization.md §2.
 */
export class Translator implements Places {
  /** What the template reads, each once; its place is its number in a rendering. */
  readonly references: Reference[] = [];
  /** Names of the content blocks that stand in the template → where the first tag begins that has one. */
  readonly blocks = new Map<string, number>();
  readonly #expressions: Expression[] = [];
  readonly #known = new Map<string, number>();
  readonly #filters: Filters;
  #at = 0;

  constructor(filters: Filters) {
    this.#filters = filters;
  }

  readonly personal = (index: number): Expression => {
    const expression = this.#expressions[index];
    if (expression === undefined) throw new TemplateSyntaxError('a character that stands for references');
    return expression;
  };

  /** `at`: where the tag or output begins. */
  translate(text: string, kind: MarkupKind, at: number): string {
    this.#at = at;
    if (promotion.test(text)) throw new TemplateSyntaxError('promotion codes are not supported');
    if (text.includes(MARK)) throw new TemplateSyntaxError('U+FDD0 is no character of a template');
    const isPlain = !text.includes('${') && !text.includes('{{') && kind !== 'condition';
    const translated = isPlain ? text : new Passage(new Markup(text), kind, this).read(0);
    if (kind !== 'piped') checkOperators(new Markup(translated), kind);
    return translated;
  }

  reference(reference: Reference): string {
    const key = JSON.stringify(reference);
    const isBlock = reference.space === BLOCK_SPACE;
    const index = this.#known.get(key) ?? this.#add(isBlock ? this.#block(reference) : this.#lookup(reference));
    this.#known.set(key, index);
    return `${MARK}${index}${MARK}`;
  }

  #lookup(reference: Reference): Expression {
    const number = this.references.push(reference) - 1;
    const work = 100 + 10 * reference.name.length;
    return {
      isHtml: reference.space === null && reference.name === FOOTER_NAME,
      evaluate: ({ budget, read }) => {
        budget.work(work);
        return read(number);
      },
    };
  }

  #block({ name }: Reference): Expression {
    if (!isBlockName(name)) throw new TemplateSyntaxError('unknown content block');
    if (!this.blocks.has(name)) this.blocks.set(name, this.#at);
    return {
      isHtml: true,
      evaluate: (frame) => {
        frame.budget.work(1_000);
        return frame.included(name);
      },
    };
  }

  piped(markup: string): string {
    const expression = parsePiped(markup, { filters: this.#filters, personal: this.personal });
    return `${MARK}${this.#add(expression)}${MARK}`;
  }

  #add(expression: Expression): number {
    return this.#expressions.push(expression) - 1;
  }
}
