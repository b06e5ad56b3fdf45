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

/** What is told of a mail's HTML, in its order. */
export interface HtmlEvents {
  onopentag(name: string, attributes: Readonly<Record<string, string>>): void;
  /** `text`: with one blank for each run of white space. */
  ontext(text: string): void;
  onclosetag(name: string): void;
  /** Several events. `text`: what they leave if no element is open. null: that depends. */
  onrun(text: string | null, tellAll: (to: HtmlEvents) => void): void;
}

/** Writes the text of one mail. */
export class PlaintextWriter implements HtmlEvents {
  readonly #parts: string[] = [];
  /** Number of open elements inside the hidden one, itself included. 0: what comes is shown. */
  #hidden = 0;
  /** The open link: its URL, and where its text begins. */
  #link: { href: string; from: number } | null = null;

  /** Whether no link and no hidden element is open. */
  get isIdle(): boolean {
    return this.#hidden === 0 && this.#link === null;
  }

  get text(): string {
    return this.untrimmed.trim();
  }

  /** The text with its blanks and line breaks collapsed. */
  get untrimmed(): string {
    return this.#parts
      .join('')
      .replace(/[^\S\n]{2,}|[^\S\n ]/g, ' ')
      .replace(/ \n ?|\n /g, '\n')
      .replace(/\n{3,}/g, '\n\n');
  }

  onopentag(name: string, attributes: Readonly<Record<string, string>>): void {
    if (this.#hidden > 0 || silent.has(name) || hiding.test(attributes.style ?? '')) {
      this.#hidden += 1;
      return;
    }
    const mark = atStart.get(name);
    if (mark !== undefined) this.#parts.push(mark);
    const { href } = attributes;
    if (name === 'a' && href !== undefined) this.#link = { href: href.trim(), from: this.#parts.length };
  }

  ontext(text: string): void {
    if (this.#hidden === 0) this.#parts.push(text);
  }

  onrun(text: string | null, tellAll: (to: HtmlEvents) => void): void {
    if (text !== null && this.isIdle) this.#parts.push(text);
    else tellAll(this);
  }

  onclosetag(name: string): void {
    if (this.#hidden > 0) {
      this.#hidden -= 1;
      return;
    }
    if (name === 'a') this.#closeLink();
    const mark = atEnd.get(name);
    if (mark !== undefined) this.#parts.push(mark);
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
