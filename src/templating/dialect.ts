/** A `${name}` of a template, with the name space before it, if any: `custom_attribute.${zip code}`. */
export interface Reference {
  space: string | null;
  name: string;
  /** `[0]` follows, which of an object means the object itself. */
  isIndexed: boolean;
}

export interface PlainLiquid {
  /** Standard Liquid in which the n-th reference is the variable `_vn`. */
  source: string;
  references: readonly Reference[];
}

/** A template that is not well-formed. The message names a line and, at most, the tag or filter. */
export class TemplateSyntaxError extends Error {}

/**
 * The dialect of personalization tags → standard Liquid. References become variables, so that whatever stands in `${…}` is
 * taken literally; inner braces (`{% if {{${x}}} %}`, `plus: {{a}}`) are unfolded. Source: personalization.md §2.
 */
export function toPlainLiquid(template: string): PlainLiquid {
  return new Translator(template).translate();
}

class Translator {
  readonly #text: string;
  readonly #references: Reference[] = [];
  readonly #known = new Map<string, number>();
  #at = 0;
  #out = '';
  #temporaries = 0;

  constructor(template: string) {
    this.#text = template;
  }

  translate(): PlainLiquid {
    while (this.#at < this.#text.length) {
      const next = this.#nextOpening();
      this.#out += this.#text.slice(this.#at, next);
      this.#at = next;
      if (this.#text.startsWith('{{', next)) this.#output();
      else if (this.#text.startsWith('{%', next)) this.#tag();
    }
    return { source: this.#out, references: this.#references };
  }

  #nextOpening(): number {
    const match = /\{[{%]/g;
    match.lastIndex = this.#at;
    return match.exec(this.#text)?.index ?? this.#text.length;
  }

  #fail(reason: string): never {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    throw new TemplateSyntaxError(`${reason}, line ${line}`);
  }

  #output(): void {
    const end = this.#closing(this.#at + 2, '}}');
    const inner = this.#text.slice(this.#at + 2, end);
    const { before, expression } = this.#expression(trimDashes(inner), 'hoist');
    this.#out += `${before}{{${dashAtStart(inner)} ${expression} ${dashAtEnd(inner)}}}`;
    this.#at = end + 2;
  }

  #tag(): void {
    const end = this.#closing(this.#at + 2, '%}');
    const inner = this.#text.slice(this.#at + 2, end);
    const body = trimDashes(inner);
    const name = /^\s*([\w#]+)/.exec(body)?.[1] ?? '';
    if (name === 'raw' || name === 'comment') {
      this.#verbatim(name, end + 2);
      return;
    }
    if (name === 'connected_content') this.#fail('connected_content is not supported yet');
    const rest = body.slice(body.indexOf(name) + name.length);
    this.#out += this.#translateTag(name, rest, inner);
    this.#at = end + 2;
  }

  #translateTag(name: string, rest: string, inner: string): string {
    const open = `{%${dashAtStart(inner)} `;
    const close = ` ${dashAtEnd(inner)}%}`;
    if (name === 'abort_message' || name === 'message_extras') return `${open}${name} ${rest}${close}`;
    const isCondition = /^(if|unless|elsif)$/.test(name);
    if (isCondition && /[()]/.test(withoutTexts(rest))) this.#fail('parentheses are not supported in conditions');
    const mode = name === 'assign' ? 'inline' : /^(elsif|when|else)$/.test(name) ? 'refuse' : 'hoist';
    const { before, expression } = this.#expression(rest, mode);
    return `${before}${open}${name} ${expression}${close}`;
  }

  #verbatim(name: string, from: number): void {
    const ending = new RegExp(`\\{%-?\\s*end${name}\\s*-?%\\}`, 'g');
    ending.lastIndex = from;
    const match = ending.exec(this.#text);
    if (match === null) this.#fail(`tag ${name} is not closed`);
    const end = match.index + match[0].length;
    this.#out += this.#text.slice(this.#at, end);
    this.#at = end;
  }

  /** Where the tag that was opened ends: inner pairs of braces and texts in quotes are stepped over. */
  #closing(from: number, mark: '}}' | '%}'): number {
    let depth = 0;
    for (let at = from; at < this.#text.length; at += 1) {
      const character = this.#text[at] ?? '';
      if (character === '"' || character === "'") at = this.#endOfText(at, character);
      else if (this.#text.startsWith('${', at)) at = this.#endOfName(at);
      else if (this.#text.startsWith('{{', at)) {
        depth += 1;
        at += 1;
      } else if (depth > 0 && this.#text.startsWith('}}', at)) {
        depth -= 1;
        at += 1;
      } else if (this.#text.startsWith(mark, at)) return at;
    }
    return this.#fail(mark === '}}' ? 'output is not closed' : 'tag is not closed');
  }

  #endOfText(at: number, quote: string): number {
    const end = this.#text.indexOf(quote, at + 1);
    return end === -1 ? this.#fail('a text in quotes is not closed') : end;
  }

  #endOfName(at: number): number {
    const end = this.#text.indexOf('}', at);
    return end === -1 ? this.#fail('${ is not closed') : end;
  }

  /** `mode`: what becomes of filters inside inner braces. */
  #expression(text: string, mode: 'hoist' | 'inline' | 'refuse'): { before: string; expression: string } {
    let before = '';
    let expression = '';
    for (let at = 0; at < text.length; ) {
      const character = text[at] ?? '';
      if (character === '"' || character === "'") {
        const end = text.indexOf(character, at + 1);
        // The engine unescapes texts in quotes; the dialect does not.
        expression += text.slice(at, end + 1).replaceAll('\\', '\\\\');
        at = end + 1;
      } else if (text.startsWith('${', at)) {
        const end = text.indexOf('}', at);
        const space = /([A-Za-z_]\w*)\.$/.exec(expression)?.[1] ?? null;
        if (space !== null) expression = expression.slice(0, -space.length - 1);
        expression += this.#reference(space, text.slice(at + 2, end), /^\s*\[\s*0\s*\]/.test(text.slice(end + 1)));
        at = end + 1;
      } else if (text.startsWith('{{', at)) {
        const end = endOfInner(text, at);
        if (end === -1) this.#fail('{{ is not closed');
        const inner = this.#expression(trimDashes(text.slice(at + 2, end)), mode);
        before += inner.before;
        const hasFilter = withoutTexts(inner.expression).includes('|');
        if (hasFilter && mode === 'refuse') this.#fail('filters inside {{ }} are not supported in elsif and when');
        if (hasFilter && mode === 'hoist') {
          const name = `_t${this.#temporaries++}`;
          before += `{% assign ${name} = ${inner.expression} %}`;
          expression += name;
        } else expression += inner.expression.trim();
        at = end + 2;
      } else if (text.startsWith('&&', at) || text.startsWith('||', at)) {
        expression += character === '&' ? ' and ' : ' or ';
        at += 2;
      } else {
        expression += character;
        at += 1;
      }
    }
    return { before, expression: markFloats(expression) };
  }

  #reference(space: string | null, name: string, isIndexed: boolean): string {
    if (space === 'content_blocks') this.#fail('unknown content block');
    const reference = { space, name: name.trim(), isIndexed };
    const key = JSON.stringify(reference);
    const known = this.#known.get(key);
    if (known !== undefined) return `_v${known}`;
    this.#known.set(key, this.#references.length);
    return `_v${this.#references.push(reference) - 1}`;
  }
}

function endOfInner(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '"' || character === "'") {
      const end = text.indexOf(character, at + 1);
      if (end === -1) return -1;
      at = end;
    } else if (text.startsWith('${', at)) {
      const end = text.indexOf('}', at);
      if (end === -1) return -1;
      at = end;
    } else if (text.startsWith('{{', at)) {
      depth += 1;
      at += 1;
    } else if (text.startsWith('}}', at)) {
      depth -= 1;
      if (depth === 0) return at;
      at += 1;
    }
  }
  return -1;
}

/** `2.0` is a float although its value is whole; only division tells the difference. */
function markFloats(expression: string): string {
  return expression.replace(/\|(\s*)divided_by(\s*:\s*-?\d+\.\d+)/g, '|$1divided_by_float$2');
}

function withoutTexts(expression: string): string {
  return expression.replace(/"[^"]*"|'[^']*'/g, '');
}

function trimDashes(inner: string): string {
  return inner.replace(/^-/, '').replace(/-$/, '');
}

function dashAtStart(inner: string): string {
  return inner.startsWith('-') ? '-' : '';
}

function dashAtEnd(inner: string): string {
  return inner.length > 1 && inner.endsWith('-') ? '-' : '';
}
