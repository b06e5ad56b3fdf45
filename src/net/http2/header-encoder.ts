import { entrySize, fixedIndexOf, fixedIndexOfPair, HEADER_TABLE_SIZE, HeaderTable } from './header-table.ts';

/** What was last sent under one header name. */
interface Sent {
  /** Index of the name in the fixed table. 0: it is not there. */
  nameIndex: number;
  /** The last value sent. */
  value: string;
  /** Index of the name with the last value in the fixed table. 0: they are not there. */
  fixedIndex: number;
  /** The value that the dynamic table holds under the name. */
  indexed: string;
  /** The number of that entry in the dynamic table. -1: none. */
  number: number;
}

/** Number of names to remember: more than any of our providers uses. */
const MAX_NAMES = 64;
/** A value that no header has, because it would have been refused. */
const NONE = '\0';

/**
 * Encodes the header blocks of one connection into the caller's buffer. A value that is sent twice in a row goes into the
 * other end's table and takes one octet from then on. If a value changes each time, only its name goes into the table (as
 * Apple asks for `apns-id` and similar headers). One character of a value is one octet. Source: RFC 7541.
 */
export class HeaderEncoder {
  readonly #table = new HeaderTable();
  readonly #unindexed: ReadonlySet<string>;
  readonly #sent = new Map<string, Sent>();
  /** Table sizes not yet announced to the other end: the smallest since the last block, and the latest. null: none. */
  #resized: { least: number; last: number } | null = null;
  #to: Buffer = Buffer.alloc(0);
  #end = 0;

  /** `unindexed`: names whose values are never put into the other end's table. */
  constructor(unindexed: readonly string[] = []) {
    this.#unindexed = new Set(unindexed);
  }

  /** Applies the SETTINGS_HEADER_TABLE_SIZE that the other end has announced. */
  limitTable(octets: number): void {
    const size = Math.min(octets, HEADER_TABLE_SIZE);
    if (size === this.#table.maxSize && this.#resized === null) return;
    this.#table.resize(size);
    this.#resized = { least: Math.min(size, this.#resized?.least ?? size), last: size };
  }

  /** True if this was the last value sent under this name, so it needs no check. */
  isKnown(name: string, value: string): boolean {
    return this.#sent.get(name)?.value === value;
  }

  /** Starts a block at `at`. The caller makes sure that the buffer has room for it (`headerRoom`). */
  begin(to: Buffer, at: number): void {
    this.#to = to;
    this.#end = at;
    if (this.#resized === null) return;
    const { least, last } = this.#resized;
    this.#resized = null;
    if (least < last) this.#integer(0x20, 5, least);
    this.#integer(0x20, 5, last);
  }

  field(name: string, value: string): void {
    const sent = this.#sent.get(name) ?? this.#remember(name);
    const isRepeated = sent.value === value;
    if (!isRepeated) {
      sent.value = value;
      sent.fixedIndex = sent.nameIndex === 0 ? 0 : fixedIndexOfPair(name, value);
    }
    if (sent.fixedIndex !== 0) this.#integer(0x80, 7, sent.fixedIndex);
    else this.#unfixed(sent, name, value, isRepeated);
  }

  /** Returns the offset at which the block ends. */
  end(): number {
    return this.#end;
  }

  #remember(name: string): Sent {
    if (this.#sent.size >= MAX_NAMES) this.#sent.clear();
    const sent = { nameIndex: fixedIndexOf(name), value: NONE, fixedIndex: 0, indexed: NONE, number: -1 };
    this.#sent.set(name, sent);
    return sent;
  }

  #unfixed(sent: Sent, name: string, value: string, isRepeated: boolean): void {
    const index = sent.number < 0 ? 0 : this.#table.indexOf(sent.number);
    if (index !== 0 && sent.indexed === value) {
      this.#integer(0x80, 7, index);
      return;
    }
    const nameIndex = sent.nameIndex || index;
    if ((isRepeated || nameIndex === 0) && this.#mayIndex(name, value)) {
      this.#literal(0x40, 6, nameIndex, name, value);
      sent.indexed = value;
      sent.number = this.#table.add(name, value);
    } else {
      this.#literal(0, 4, nameIndex, name, value);
    }
  }

  /** False for an entry so large that it would push most others out of the table. */
  #mayIndex(name: string, value: string): boolean {
    return entrySize(name, value) <= this.#table.maxSize / 2 && !this.#unindexed.has(name);
  }

  #literal(pattern: number, prefixBits: number, nameIndex: number, name: string, value: string): void {
    this.#integer(pattern, prefixBits, nameIndex);
    if (nameIndex === 0) this.#text(name);
    this.#text(value);
  }

  #text(text: string): void {
    this.#integer(0, 7, text.length);
    this.#end += this.#to.write(text, this.#end, 'latin1');
  }

  #integer(pattern: number, prefixBits: number, value: number): void {
    const most = (1 << prefixBits) - 1;
    if (value < most) {
      this.#to[this.#end++] = pattern | value;
      return;
    }
    this.#to[this.#end++] = pattern | most;
    let rest = value - most;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.#to[this.#end++] = (rest & 0x7f) | 0x80;
    this.#to[this.#end++] = rest;
  }
}

/** An upper limit for the octets of one header, including what may come before it in its block. */
export function headerRoom(name: string, value: string): number {
  return name.length + value.length + 24;
}
