import { Parser } from 'htmlparser2';
import { type HtmlEvents, PlaintextWriter } from './plaintext-writer.ts';

/** One thing that was read, with the part of the HTML that says so. Together the parts are the whole HTML. */
interface Event {
  source: string;
  /** Tells a writer of it. null: it means nothing for the text. */
  tell: ((to: HtmlEvents) => void) | null;
  /**
   * What another mail may have in the place of `source`. `nothing`: nothing else. `text`: another text. `attributes`: the
   * same tag with other values of attributes.
   */
  may: 'nothing' | 'text' | 'attributes';
}

/** Most mails that are remembered: those of the dispatches and their branches that go out at once. */
const MOST_MODELS = 8;
/** A longer mail is not remembered. In characters. */
const LONGEST = 500_000;
/** Elements in which `<` may be text. */
const raw = /^(?:script|style|title|textarea|template|noscript|xmp|iframe|noembed|noframes|plaintext|svg|math)$/;
/** An open tag whose attributes are all quoted, up to its end. */
const plainTag = /<[a-z][a-z0-9]*(?:\s+[a-z_:][a-z0-9_:.-]*(?:=(?:"[^"]*"|'[^']*'))?)*\s*>/iy;
/** A tag, a comment, a declaration, a text, or nothing at all, which ends an element that is not closed. */
const regular = /^(?:<[a-z](?:[^"'<>]|"[^"]*"|'[^']*')*>|<\/[a-z][a-z0-9]*\s*>|<!--[\s\S]*?-->|<![a-z][^<>]*>|[^<]*)$/i;
const tagName = /^<([a-z][a-z0-9]*)/i;

/**
 * Tells writers what HTML says. A mail that differs from one before only in texts and values of attributes is read by it:
 * what is equal is compared and not parsed, which takes a fraction of the time. Neither can change which elements there are.
 */
export class MemoryOfMails {
  /** The last used first. */
  readonly #models: Model[] = [];

  read(html: string, to: PlaintextWriter): void {
    for (const [at, model] of this.#models.entries()) {
      const events = model.read(html);
      if (events === null) continue;
      if (at > 0) this.#models.unshift(...this.#models.splice(at, 1));
      for (const { tell } of events) tell?.(to);
      return;
    }
    const events = parse(html);
    for (const { tell } of events) tell?.(to);
    if (html.length > LONGEST || !isRegular(events, html)) return;
    this.#models.unshift(new Model(events));
    this.#models.length = Math.min(this.#models.length, MOST_MODELS);
  }
}

/** A mail that was read, to read others by. */
class Model {
  readonly #events: readonly Event[];
  /** The events that were not the same in every mail so far. */
  readonly #varying = new Set<Event>();
  /** The same events. Those between two varying ones are one. */
  #joined: readonly Event[];

  constructor(events: readonly Event[]) {
    this.#events = events;
    this.#joined = joinedRuns(events, this.#varying);
  }

  /** null: the mail differs in its elements. */
  read(html: string): readonly Event[] | null {
    const joined = readBy(this.#joined, html);
    if (joined !== null) return joined;
    const events = readBy(this.#events, html);
    if (events === null) return null;
    for (const [at, event] of this.#events.entries()) if (events[at] !== event) this.#varying.add(event);
    this.#joined = joinedRuns(this.#events, this.#varying);
    return events;
  }
}

function joinedRuns(events: readonly Event[], varying: ReadonlySet<Event>): Event[] {
  const joined: Event[] = [];
  let run: Event[] = [];
  const endRun = () => {
    if (run.length > 0) joined.push(runOf(run));
    run = [];
  };
  for (const event of events) {
    if (!varying.has(event)) run.push(event);
    else {
      endRun();
      joined.push(event);
    }
  }
  endRun();
  return joined;
}

/** Several events as one, with the text that a writer makes of them if nothing is open. */
function runOf(events: readonly Event[]): Event {
  const tellAll = (to: HtmlEvents) => {
    for (const { tell } of events) tell?.(to);
  };
  const alone = new PlaintextWriter();
  tellAll(alone);
  const text = alone.isIdle ? alone.untrimmed : null;
  return {
    source: events.map(({ source }) => source).join(''),
    tell: (to) => to.onrun(text, tellAll),
    may: 'nothing',
  };
}

/** Whether each event has the part of the HTML that says so. Of malformed HTML it may be another part. */
function isRegular(events: readonly Event[], html: string): boolean {
  return events.every(({ source }) => regular.test(source)) && events.map(({ source }) => source).join('') === html;
}

/** null: the mail differs from the model in its elements. */
function readBy(model: readonly Event[], html: string): Event[] | null {
  const events: Event[] = [];
  let at = 0;
  for (const event of model) {
    const { source, may } = event;
    const isEqual = html.startsWith(source, at) && (may !== 'text' || isTextEnd(html, at + source.length));
    const found = isEqual
      ? event
      : may === 'nothing'
        ? null
        : may === 'text'
          ? textAt(html, at)
          : tagAt(html, at, source);
    if (found === null) return null;
    events.push(found);
    at += found.source.length;
  }
  return at === html.length ? events : null;
}

function isTextEnd(html: string, at: number): boolean {
  return at === html.length || html.charCodeAt(at) === LESS_THAN;
}

const LESS_THAN = '<'.charCodeAt(0);

/** The text from here to the next tag. */
function textAt(html: string, at: number): Event | null {
  const next = html.indexOf('<', at);
  const source = html.slice(at, next === -1 ? html.length : next);
  const [only, ...others] = source.includes('&') ? parse(source) : [textEvent(source, source)];
  return only !== undefined && others.length === 0 ? { ...only, source } : null;
}

/** The tag here, which must be `source` with other values. */
function tagAt(html: string, at: number, source: string): Event | null {
  plainTag.lastIndex = at;
  const found = plainTag.exec(html)?.[0];
  if (found === undefined || nameOf(found) !== nameOf(source)) return null;
  const [only] = parse(found);
  return only === undefined ? null : { ...only, source: found };
}

function nameOf(tag: string): string | undefined {
  return tagName.exec(tag)?.[1]?.toLowerCase();
}

function textEvent(source: string, text: string): Event {
  const collapsed = text.replace(/\s+/g, ' ');
  return { source, tell: (to) => to.ontext(collapsed), may: source.includes('<') ? 'nothing' : 'text' };
}

/** Reads HTML, with the part of it that each event comes from. */
function parse(html: string): Event[] {
  const events: Event[] = [];
  let done = 0;
  let open = 0;
  let text: { from: number; text: string } | null = null;
  const upTo = (end: number): string => {
    const source = html.slice(done, Math.max(done, end));
    done += source.length;
    return source;
  };
  const endText = (end: number) => {
    if (text === null) return;
    const { from, text: read } = text;
    text = null;
    if (from > done) events.push({ source: upTo(from), tell: null, may: 'nothing' });
    const event = textEvent(upTo(end), read);
    events.push(open > 0 ? { ...event, may: 'nothing' } : event);
  };
  const reader = new Parser(
    {
      onopentag(name, attributes) {
        const { startIndex, endIndex } = reader;
        endText(startIndex);
        if (startIndex > done) events.push({ source: upTo(startIndex), tell: null, may: 'nothing' });
        const source = upTo(endIndex + 1);
        const isPlain = open === 0 && !raw.test(name) && isPlainTag(source);
        events.push({ source, tell: (to) => to.onopentag(name, attributes), may: isPlain ? 'attributes' : 'nothing' });
        if (raw.test(name)) open += 1;
      },
      ontext(data) {
        text = text === null ? { from: reader.startIndex, text: data } : { from: text.from, text: text.text + data };
      },
      onclosetag(name, isImplied) {
        endText(isImplied ? Math.min(reader.startIndex, html.length) : reader.startIndex);
        const source = isImplied ? '' : upTo(reader.endIndex + 1);
        events.push({ source, tell: (to) => to.onclosetag(name), may: 'nothing' });
        if (raw.test(name) && open > 0) open -= 1;
      },
      oncomment: () => endText(reader.startIndex),
      onprocessinginstruction: () => endText(reader.startIndex),
    },
    { decodeEntities: true },
  );
  reader.end(html);
  endText(html.length);
  if (done < html.length) events.push({ source: upTo(html.length), tell: null, may: 'nothing' });
  return events;
}

function isPlainTag(source: string): boolean {
  plainTag.lastIndex = 0;
  return plainTag.exec(source)?.[0] === source;
}
