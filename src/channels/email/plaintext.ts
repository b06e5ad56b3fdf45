import { Needle } from '../../lib/needle.ts';

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  copy: '©',
  reg: '®',
  hellip: '…',
  ndash: '–',
  mdash: '—',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  bull: '•',
  euro: '€',
  pound: '£',
  trade: '™',
};

/** Elements whose content is not shown, with what ends them. */
const silent: ReadonlyMap<string, RegExp> = new Map(
  ['style', 'script', 'head', 'title', 'template'].map((name) => [name, new RegExp(`</${name}\\s*>`, 'gi')]),
);
/** What stands for a tag. Other tags leave nothing. */
const shown: ReadonlyMap<string, string> = new Map([
  ...['li', 'br'].map((name): [string, string] => [name, name === 'li' ? '\n- ' : '\n']),
  ...['p', 'div', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'table', 'ul', 'ol', 'blockquote', 'section'].map(
    (name): [string, string] => [`/${name}`, '\n\n'],
  ),
  ...['/tr', '/li'].map((name): [string, string] => [name, '\n']),
  ...['/td', '/th'].map((name): [string, string] => [name, ' ']),
]);
const tagName = /<(\/?[a-z][a-z\d]*)\b/iy;
const hrefValue = /(?<![\w-])href\s*=\s*(?:"([^"]*)"|'([^']*)')/i;

/** The readable text of a mail's HTML. It keeps paragraphs, list marks and the URLs of links. Linear in the text. */
export function plaintextOf(html: string): string {
  return decodeEntities(new PlaintextReader(html).read())
    .replace(/[^\S\n]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** Reads HTML from tag to tag. What it does not find once, up to the end, it does not look for again. */
class PlaintextReader {
  readonly #html: string;
  readonly #parts: string[] = [];
  readonly #unclosed = new Set<string>();
  /** The open link: its URL, and where its content begins. */
  #link: { href: string; from: number } | null = null;

  constructor(html: string) {
    this.#html = html;
  }

  read(): string {
    let at = 0;
    for (let tag = this.#next('<', at); tag !== -1; tag = this.#next('<', at)) {
      this.#text(at, tag);
      const end = this.#afterTag(tag);
      if (end === -1) {
        at = tag;
        break;
      }
      at = end;
    }
    this.#text(at, this.#html.length);
    return this.#parts.join('');
  }

  #text(from: number, to: number): void {
    if (from < to) this.#parts.push(this.#html.slice(from, to).replace(/\s+/g, ' '));
  }

  /** Writes what stands for the tag, comment or silent element at `at`. Returns where it ends; -1: nothing closes it. */
  #afterTag(at: number): number {
    if (this.#html.startsWith('<!--', at)) {
      const end = this.#next('-->', at + 4);
      if (end !== -1) return end + 3;
    }
    const end = this.#next('>', at);
    if (end === -1) return -1;
    tagName.lastIndex = at;
    const name = tagName.exec(this.#html)?.[1]?.toLowerCase() ?? '';
    const ending = silent.get(name);
    const silentEnd = ending === undefined ? -1 : this.#afterMatch(name, ending, end);
    if (silentEnd !== -1) return silentEnd;
    if (name === 'a') this.#openLink(at, end + 1);
    else if (name === '/a') this.#closeLink(at);
    else this.#parts.push(shown.get(name) ?? '');
    return end + 1;
  }

  #openLink(at: number, end: number): void {
    if (this.#link !== null) return; // the first </a> ends the first link
    const [, double, single] = hrefValue.exec(this.#html.slice(at, end)) ?? [];
    const href = double ?? single;
    if (href !== undefined) this.#link = { href, from: end };
  }

  #closeLink(at: number): void {
    if (this.#link === null) return;
    const { href, from } = this.#link;
    this.#link = null;
    const isShown = href === '' || href.startsWith('#') || new Needle(href).indexIn(this.#html.slice(from, at)) !== -1;
    if (!isShown) this.#parts.push(` (${href})`);
  }

  /** Where `mark` is next; -1: nowhere. */
  #next(mark: string, from: number): number {
    if (this.#unclosed.has(mark)) return -1;
    const at = this.#html.indexOf(mark, from);
    if (at === -1) this.#unclosed.add(mark);
    return at;
  }

  /** Where the next match of `ending` ends; -1: there is none. */
  #afterMatch(name: string, ending: RegExp, from: number): number {
    if (this.#unclosed.has(name)) return -1;
    ending.lastIndex = from;
    if (ending.test(this.#html)) return ending.lastIndex;
    this.#unclosed.add(name);
    return -1;
  }
}

function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,8}));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return entities[name.toLowerCase()] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
