import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2';
import { BoundedCache } from '../../../lib/bounded-cache.ts';
import { followedUrl, type Tracker } from '../../tracking.ts';

/** A piece of HTML to replace: the URL of a link as it is written, and where it leads. */
interface Link {
  start: number;
  end: number;
  href: string;
}

/** Where the links of a mail are, and where its pixel goes. */
interface Places {
  links: readonly Link[];
  end: number;
}

/** What is wanted of one mail. */
export interface Wanted {
  opens: boolean;
  clicks: boolean;
}

const KEPT_BYTES = 4 * 1_048_576;
/** Kept, because many mails of a dispatch are alike. */
const known = new BoundedCache<string, Places>({ mostBytes: KEPT_BYTES });

/**
 * Replaces where links lead, and adds the pixel as the last content of the body. Nothing else of the HTML changes: what is in
 * comments, styles and scripts stays, as do `mailto:` and our own links.
 */
export function trackHtml(html: string, tracker: Tracker, wanted: Wanted): string {
  if (!wanted.opens && !wanted.clicks) return html;
  const places = known.get(html) ?? findPlaces(html);
  const edits = wanted.clicks ? places.links.flatMap((link) => editOf(link, tracker)) : [];
  // A link may stand behind `</body>`.
  const at = edits.findIndex(({ start }) => start > places.end);
  edits.splice(at === -1 ? edits.length : at, 0, {
    start: places.end,
    end: places.end,
    text: additions(tracker, wanted),
  });
  const parts: string[] = [];
  let from = 0;
  for (const { start, end, text } of edits) {
    parts.push(html.slice(from, start), text);
    from = end;
  }
  return parts.join('') + html.slice(from);
}

interface Edit {
  start: number;
  end: number;
  text: string;
}

function editOf({ start, end, href }: Link, tracker: Tracker): Edit[] {
  const url = followedUrl(href, tracker);
  return url === null ? [] : [{ start, end, text: tracker.linkTo(url) }];
}

function additions(tracker: Tracker, { opens, clicks }: Wanted): string {
  const hidden = clicks ? tracker.hiddenLink() : null;
  const link =
    hidden === null
      ? ''
      : `<a href="${hidden}" style="display:none" tabindex="-1" aria-hidden="true" rel="nofollow"></a>`;
  const pixel = opens ? `<img src="${tracker.pixel()}" width="1" height="1" alt="" style="border:0">` : '';
  return link + pixel;
}

function findPlaces(html: string): Places {
  const finder = new PlaceFinder(html);
  const tokenizer = new Tokenizer({ decodeEntities: true }, finder);
  tokenizer.write(html);
  tokenizer.end();
  const places = { links: finder.links, end: finder.end };
  known.set(html, places, html.length + 200 * places.links.length);
  return places;
}

const linkElements: ReadonlySet<string> = new Set(['a', 'area']);
/** Attributes by which a link says that it is not to be followed, as other senders of mail know them. */
const refusals: ReadonlyMap<string, string> = new Map([
  ['clicktracking', 'off'],
  ['data-msys-clicktrack', '0'],
]);

const nothing = () => undefined;

/** Finds the places in what the tokenizer says. It works on positions, so that all else stays as it is written. */
class PlaceFinder implements TokenizerCallbacks {
  readonly links: Link[] = [];
  readonly oncdata = nothing;
  readonly oncomment = nothing;
  readonly ondeclaration = nothing;
  readonly onend = nothing;
  readonly onprocessinginstruction = nothing;
  readonly ontext = nothing;
  readonly ontextentity = nothing;
  readonly #html: string;
  #bodyEnd: number | null = null;
  #htmlEnd: number | null = null;
  #isLink = false;
  #isRefused = false;
  #href: Link | null = null;
  #name = '';
  #nameEnd = 0;
  #value: string[] = [];

  constructor(html: string) {
    this.#html = html;
  }

  /** Before the last `</body>`, else before `</html>`, else at the end. */
  get end(): number {
    return this.#bodyEnd ?? this.#htmlEnd ?? this.#html.length;
  }

  onopentagname(start: number, end: number): void {
    this.#isLink = linkElements.has(this.#html.slice(start, end).toLowerCase());
    this.#isRefused = false;
    this.#href = null;
  }

  onattribname(start: number, end: number): void {
    if (!this.#isLink) return;
    this.#name = this.#html.slice(start, end).toLowerCase();
    this.#nameEnd = end;
    this.#value = [];
  }

  onattribdata(start: number, end: number): void {
    if (this.#isLink) this.#value.push(this.#html.slice(start, end));
  }

  onattribentity(codepoint: number): void {
    if (this.#isLink) this.#value.push(String.fromCodePoint(codepoint));
  }

  onattribend(_quote: unknown, end: number): void {
    if (!this.#isLink) return;
    const value = this.#value.join('');
    if (refusals.get(this.#name) === value.trim().toLowerCase()) this.#isRefused = true;
    if (this.#name === 'href' && this.#href === null) this.#href = { ...this.#rawValue(end), href: value };
  }

  onopentagend(): void {
    if (this.#href !== null && !this.#isRefused) this.links.push(this.#href);
    this.#isLink = false;
    this.#href = null;
  }

  onselfclosingtag(): void {
    this.onopentagend();
  }

  onclosetag(start: number, end: number): void {
    const name = this.#html.slice(start, end).toLowerCase();
    // The name follows `</`.
    if (name === 'body') this.#bodyEnd = start - 2;
    if (name === 'html') this.#htmlEnd = start - 2;
  }

  /** Where the value is that was just read, without its quotes. `end`: behind it. */
  #rawValue(end: number): { start: number; end: number } {
    const [all, quote = ''] = /^\s*=\s*(["']?)/.exec(this.#html.slice(this.#nameEnd, end)) ?? [''];
    const start = this.#nameEnd + all.length;
    return { start, end: quote !== '' && this.#html[end - 1] === quote && end > start ? end - 1 : end };
  }
}
