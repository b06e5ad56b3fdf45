import { Body, type Node } from '../body.ts';
import { checkDepth, TemplateSyntaxError } from '../errors.ts';
import type { Expression, Personal } from '../expression.ts';
import { Output } from '../output.ts';
import { isBlankText, stripEnd, stripStart } from '../values/text.ts';
import { linesOf } from './lines.ts';
import { type Language, parsePiped } from './piped.ts';
import type { OutputToken, RawToken, TagToken, TextToken, Token } from './token.ts';

/** Reads a tag of one name, up to its end if it is a block. Throws TemplateSyntaxError. */
export type TagParser = (tag: TagToken, parser: Parser) => Node;
export type Tags = ReadonlyMap<string, TagParser>;

/** Where markup stands: `piped` may have filters, `operand` may not, `condition` has `and`, `or` and comparisons. */
export type MarkupKind = 'piped' | 'operand' | 'condition';

export interface ParserOptions extends Language {
  tokens: readonly Token[];
  tags: Tags;
  /**
   * Replaces the personal expressions in markup. Throws TemplateSyntaxError for what may not stand there. `at`: where the
   * tag or output begins.
   */
  translate(markup: string, kind: MarkupKind, at: number): string;
}

/** Where the parser stands in a row of tokens. */
class Tokens {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  take(): Token | undefined {
    const token = this.#tokens[this.#next];
    this.#next += 1;
    return token;
  }
}

/** Tokens → a body that can be rendered. */
export class Parser {
  readonly #options: ParserOptions;
  #tokens: Tokens;
  #depth = 0;
  /** A dash before the current place drops the blanks that come next. */
  #isTrimming = false;
  /** Of the tag or output that is being read. */
  at = 0;

  constructor(options: ParserOptions) {
    this.#options = options;
    this.#tokens = new Tokens(options.tokens);
  }

  get personal(): Personal {
    return this.#options.personal;
  }

  /** The whole template. */
  parse(): Body {
    const body = new Body();
    const tag = this.#fill(body);
    if (tag !== null) throw this.#unknown(tag);
    return body;
  }

  /**
   * A block up to `end<name>`. A tag that does not belong to its body may begin its next part, as `else` does:
   * `nextPart` gives the body of that part, or null.
   */
  parseBlock(name: string, first: Body, nextPart: (tag: TagToken) => Body | null = () => null): void {
    checkDepth(this.#depth);
    this.#depth += 1;
    for (let body = first; ; ) {
      const tag = this.#fill(body);
      if (tag === null) throw new TemplateSyntaxError(`tag ${name} is not closed`);
      if (tag.name === `end${name}`) break;
      const part = nextPart(tag);
      if (part === null) throw this.#unknown(tag, name);
      body = part;
    }
    this.#depth -= 1;
  }

  expression(markup: string): Expression {
    return this.pipedOf(this.translate(markup, 'piped'));
  }

  /** As `expression`, of markup that is translated already. */
  pipedOf(markup: string): Expression {
    return parsePiped(markup, this.#options);
  }

  translate(markup: string, kind: MarkupKind): string {
    return this.#options.translate(markup, kind, this.at);
  }

  #unknown({ name }: TagToken, block?: string): TemplateSyntaxError {
    const shown = name.slice(0, 40);
    return new TemplateSyntaxError(
      block === undefined || !/^(else|end)/.test(name) ? `unknown tag ${shown}` : `unexpected tag ${shown} in ${block}`,
    );
  }

  /** Reads tokens into a body until one of its own ends, or a tag comes that it does not know, which it gives. */
  #fill(body: Body): TagToken | null {
    for (let token = this.#tokens.take(); token !== undefined; token = this.#tokens.take()) {
      this.at = token.at;
      if (token.kind === 'text') this.#addText(token, body);
      else {
        this.#trim(token, body);
        if (token.kind === 'raw') this.#addRaw(token, body);
        else if (token.kind === 'output') this.#addOutput(token, body);
        else if (token.kind === 'tag') {
          const unknown = this.#addTag(token, body);
          if (unknown !== null) return unknown;
        }
      }
    }
    return null;
  }

  #addText({ text, at }: TextToken, body: Body): void {
    body.addText(this.#isTrimming ? stripStart(text) : text, isBlankText(text), at);
    this.#isTrimming = false;
  }

  #trim(token: { trimsBefore: boolean; trimsAfter: boolean }, body: Body): void {
    if (token.trimsBefore) body.changeLastText(stripEnd);
    this.#isTrimming = token.trimsAfter;
  }

  #addRaw({ text, at }: RawToken, body: Body): void {
    body.add({ isSilent: text === '', render: (frame) => frame.write(text) }, at);
  }

  #addOutput({ markup, at }: OutputToken, body: Body): void {
    body.add(new Output(this.expression(markup)), at);
  }

  #addTag(tag: TagToken, body: Body): TagToken | null {
    if (tag.name === 'liquid') {
      this.#addLines(tag, body);
      return null;
    }
    const parse = this.#options.tags.get(tag.name);
    if (parse === undefined) return tag;
    body.add(parse(tag, this), tag.at);
    return null;
  }

  /** `liquid`: each line is a tag. A block that begins in it ends in it. */
  #addLines(tag: TagToken, body: Body): void {
    const outer = this.#tokens;
    this.#tokens = new Tokens(linesOf(tag));
    const unknown = this.#fill(body);
    if (unknown !== null) throw this.#unknown(unknown, 'liquid');
    this.#tokens = outer;
    this.#isTrimming = tag.trimsAfter;
  }
}
