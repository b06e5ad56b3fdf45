import { Parser } from 'htmlparser2';
import { Needle } from '../../../lib/needle.ts';

/** Elements whose content is not shown. */
const silent: ReadonlySet<string> = new Set(['style', 'script', 'head', 'title', 'template', 'noscript']);
/** What stands for the start of an element. Others leave nothing. */
const atStart: ReadonlyMap<string, string> = new Map([
  ['li', '\n- '],
  ['br', '\n'],
  ['hr', '\n'],
]);
/** What stands for the end of an element. */
const atEnd: ReadonlyMap<string, string> = new Map([
  ...['p', 'div', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'table', 'ul', 'ol', 'blockquote', 'section'].map(
    (name): [string, string] => [name, '\n\n'],
  ),
  ...['tr', 'li'].map((name): [string, string] => [name, '\n']),
  ...['td', 'th'].map((name): [string, string] => [name, ' ']),
]);
const hiding = /(?:^|;)\s*display\s*:\s*none\b/i;

/**
 * The readable text of a mail's HTML. It keeps paragraphs, list marks, the URLs of links and the letter case, and leaves
 * out what is hidden. htmlparser2 reads the HTML. We write the text ourselves, because html-to-text takes twice as long,
 * which is more than all else that a mail costs.
 */
export function plaintextOf(html: string): string {
  const writer = new PlaintextWriter();
  new Parser(writer, { decodeEntities: true }).end(html);
  return writer.text
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

class PlaintextWriter {
  readonly #parts: string[] = [];
  /** Number of open elements inside the hidden one, itself included. 0: what comes is shown. */
  #hidden = 0;
  /** The open link: its URL, and where its text begins. */
  #link: { href: string; from: number } | null = null;

  get text(): string {
    return this.#parts.join('');
  }

  onopentag(name: string, attributes: Readonly<Record<string, string>>): void {
    if (this.#hidden > 0 || silent.has(name) || hiding.test(attributes.style ?? '')) {
      this.#hidden += 1;
      return;
    }
    this.#parts.push(atStart.get(name) ?? '');
    const { href } = attributes;
    if (name === 'a' && href !== undefined) this.#link = { href: href.trim(), from: this.#parts.length };
  }

  ontext(text: string): void {
    if (this.#hidden === 0) this.#parts.push(text.replace(/\s+/g, ' '));
  }

  onclosetag(name: string): void {
    if (this.#hidden > 0) {
      this.#hidden -= 1;
      return;
    }
    if (name === 'a') this.#closeLink();
    this.#parts.push(atEnd.get(name) ?? '');
  }

  #closeLink(): void {
    if (this.#link === null) return;
    const { href, from } = this.#link;
    this.#link = null;
    const shown = this.#parts.slice(from).join('');
    const isShown = href === '' || href.startsWith('#') || new Needle(href).indexIn(shown) !== -1;
    if (!isShown) this.#parts.push(` (${href})`);
  }
}
