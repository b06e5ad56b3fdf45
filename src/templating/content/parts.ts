import { TemplateSyntaxError } from '../liquid/errors.ts';
import type { Expression } from '../liquid/expression.ts';
import type { Frame } from '../liquid/frame.ts';
import type { Parser } from '../liquid/reading/parser.ts';
import { toOutput } from '../liquid/values/show.ts';
import { isSpace } from '../liquid/values/text.ts';
import { findOutputEnd } from '../reading/output-end.ts';

/** A text with outputs in it: plain texts, and expressions that stood in double braces. */
export type Parts = readonly (string | Expression)[];

const optionNames = [
  ...(['method', 'headers', 'body', 'content_type', 'basic_auth', 'save', 'cache_max_age', 'no_cache'] as const),
  'retry' as const,
];
export type OptionName = (typeof optionNames)[number];

const OPTION = /:([A-Za-z_]+)(?=\s|$)/y;

/**
 * Cuts the markup of a tag at its options, which begin with a colon behind a blank. Colons in double braces and within the
 * braces of JSON begin none. Linear. Throws TemplateSyntaxError.
 */
export function readSections(markup: string, parser: Parser): { url: Parts; options: Map<OptionName, Parts> } {
  const options = new Map<OptionName, Parts>();
  const sections: { name: OptionName | null; parts: (string | Expression)[] }[] = [{ name: null, parts: [] }];
  let depth = 0;
  let isQuoted = false;
  let plain = 0;
  const end = (to: number) => sections.at(-1)?.parts.push(markup.slice(plain, to));
  for (let at = 0; at < markup.length; ) {
    const character = markup[at];
    const name = depth === 0 && character === ':' ? optionAt(markup, at) : null;
    if (name !== null) {
      end(at);
      sections.push({ name, parts: [] });
      at += name.length + 1;
      plain = at;
    } else if (markup.startsWith('{{', at)) {
      end(at);
      const close = findOutputEnd(markup, at + 2);
      if (typeof close === 'string') throw new TemplateSyntaxError(close);
      sections.at(-1)?.parts.push(parser.expression(markup.slice(at + 2, close)));
      at = close + 2;
      plain = at;
    } else {
      if (depth > 0 && isQuoted && character === '\\') at += 1;
      else if (depth > 0 && character === '"') isQuoted = !isQuoted;
      else if (!isQuoted && character === '{') depth += 1;
      else if (!isQuoted && character === '}' && depth > 0) depth -= 1;
      at += 1;
    }
  }
  end(markup.length);
  for (const { name, parts } of sections) {
    if (name === null) continue;
    if (options.has(name)) throw new TemplateSyntaxError(`connected_content: the option ${name} stands twice`);
    options.set(name, trimmed(parts));
  }
  return { url: trimmed(sections[0]?.parts ?? []), options };
}

/** null: no option begins here. */
function optionAt(markup: string, at: number): OptionName | null {
  if (at > 0 && !isSpace(markup.charCodeAt(at - 1))) return null;
  OPTION.lastIndex = at;
  const word = OPTION.exec(markup)?.[1];
  if (word === undefined) return null;
  const name = optionNames.find((one) => one === word.toLowerCase());
  if (name === undefined)
    throw new TemplateSyntaxError(
      `connected_content: unknown option ${word}, expected one of ${optionNames.join(', ')}`,
    );
  return name;
}

/** A text with its outputs read. Linear. Throws TemplateSyntaxError. */
export function partsIn(text: string, parser: Parser): Parts {
  const parts: (string | Expression)[] = [];
  let plain = 0;
  for (let open = text.indexOf('{{'); open !== -1; open = text.indexOf('{{', plain)) {
    const close = findOutputEnd(text, open + 2);
    if (typeof close === 'string') throw new TemplateSyntaxError(close);
    parts.push(text.slice(plain, open), parser.expression(text.slice(open + 2, close)));
    plain = close + 2;
  }
  parts.push(text.slice(plain));
  return trimmed(parts);
}

/** Without blanks at the ends, and without empty texts. */
function trimmed(parts: Parts): Parts {
  const last = parts.length - 1;
  return parts
    .map((part, index) => {
      if (typeof part !== 'string') return part;
      const text = index === 0 ? part.trimStart() : part;
      return index === last ? text.trimEnd() : text;
    })
    .filter((part) => part !== '');
}

/** The text itself. null: outputs stand in it. */
export function literalOf(parts: Parts): string | null {
  const [only] = parts;
  if (parts.length === 0) return '';
  return parts.length === 1 && typeof only === 'string' ? only : null;
}

/** The text with its outputs rendered. One without outputs costs no budget: it is the template's own. */
export function textOf(parts: Parts, frame: Frame): string {
  const literal = literalOf(parts);
  if (literal !== null) return literal;
  const texts = parts.map((part) => (typeof part === 'string' ? part : toOutput(part.evaluate(frame), frame.budget)));
  frame.budget.text(texts.reduce((sum, { length }) => sum + length, 0));
  return texts.join('');
}
