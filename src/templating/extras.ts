import { type Parts, partsIn, textOf } from './content/parts.ts';
import { hostOf } from './hosts.ts';
import type { Parser, TagParser } from './liquid/reading/parser.ts';
import { isSpace } from './liquid/values/text.ts';

/** Most bytes of the keys and values of one message together. Source: personalization.md §9. */
const MOST_BYTES = 1_000;

/** The pairs that the templates of one message attach to its send, all its texts together. */
export class MessageExtras {
  #pairs: Map<string, string> | null = null;
  #bytes = 0;

  /** null: there are none. */
  get pairs(): Readonly<Record<string, string>> | null {
    return this.#pairs === null ? null : Object.fromEntries(this.#pairs);
  }

  /** The first value of a key stays. A value is cut where it no longer fits, and a key that does not fit is left out. */
  add(key: string, value: string): void {
    const room = MOST_BYTES - this.#bytes - Buffer.byteLength(key);
    if (key === '' || room < 0 || this.#pairs?.has(key)) return;
    const kept = cut(value, room);
    this.#pairs ??= new Map();
    this.#pairs.set(key, kept);
    // Behind a value that was cut there is no room, even where a piece of a character left a byte.
    this.#bytes = kept === value ? MOST_BYTES - room + Buffer.byteLength(kept) : MOST_BYTES;
  }
}

/** The beginning of a text, of at most so many bytes, without a piece of a character at its end. */
function cut(text: string, mostBytes: number): string {
  if (Buffer.byteLength(text) <= mostBytes) return text;
  const bytes = new Uint8Array(mostBytes);
  const { read } = new TextEncoder().encodeInto(text, bytes);
  return text.slice(0, read);
}

/**
 * `{% message_extras :key <text> :value <text> %}` prints nothing, and attaches the pair to the send. One that is malformed
 * is ignored. `onUse` is told that the template has such a tag. Source: personalization.md §9.
 */
export function messageExtras(onUse: () => void): TagParser {
  return ({ markup }, parser) => {
    const pair = readPair(markup, parser);
    if (pair !== null) onUse();
    return {
      isSilent: true,
      render(frame) {
        const host = hostOf(frame.host, MessageExtras);
        if (pair === null || host === null) return;
        host.add(textOf(pair.key, frame).trim(), textOf(pair.value, frame).trim());
      },
    };
  };
}

/** null: the tag is malformed. Linear. */
function readPair(markup: string, parser: Parser): { key: Parts; value: Parts } | null {
  const text = markup.trim();
  const middle = wordAt(text, ':value', 1);
  if (middle === -1 || wordAt(text, ':key', 0) !== 0) return null;
  return {
    key: partsIn(text.slice(':key'.length, middle), parser),
    value: partsIn(text.slice(middle + ':value'.length), parser),
  };
}

/** Where a word stands between blanks or ends. -1: nowhere. */
function wordAt(text: string, word: string, from: number): number {
  for (let at = text.indexOf(word, from); at !== -1; at = text.indexOf(word, at + 1)) {
    const after = at + word.length;
    const isAlone =
      (at === 0 || isSpace(text.charCodeAt(at - 1))) && (after === text.length || isSpace(text.charCodeAt(after)));
    if (isAlone) return at;
  }
  return -1;
}
