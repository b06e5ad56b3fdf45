import { entrySize, fixedIndexOf, fixedIndexOfPair, HEADER_TABLE_SIZE, HeaderTable } from './header-table.ts';

/** What was sent under a name. */
interface Sent {
  /** Of the name in the fixed table; 0 = it has none. */
  nameIndex: number;
  /** The last. */
  value: string;
  /** Of name and last value in the fixed table; 0 = they have none. */
  fixedIndex: number;
  /** What our part of the table holds under the name, and its number there; -1 = nothing. */
  indexed: string;
  number: number;
}

/** Names that can be remembered: more than any client or provider of ours has. */
const MAX_NAMES = 64;
/** No header has this value: it would have been refused. */
const NONE = '\0';

/**
 * Encodes the header blocks of one connection into a buffer of the caller's. A value that comes a second time in a row is
 * put into the table of the other end and is one octet from then on; of a value that changes each time only the name is
 * (as Apple asks for `apns-id` and its like). Source: RFC 7541. Of a header's value one character is one octet.
 */
export class HeaderEncoder {
  readonly #table = new HeaderTable();
  readonly #unindexed: ReadonlySet<string>;
  readonly #sent = new Map<string, Sent>();
  /** Sizes of the table that the other end has still to be told of: the least since the last block, and the last. */
  #resized: { least: number; last: number } | null = null;
  #to: Buffer = Buffer.alloc(0);
  #end = 0;

  /** `unindexed`: names whose values are never put into the other end's table. */
  constructor(unindexed: readonly string[] = []) {
    this.#unindexed = new Set(unindexed);
  }

  /** What the other end has announced as SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(octets: number): void {
    const size = Math.min(octets, HEADER_TABLE_SIZE);
    if (size === this.#table.maxSize && this.#resized === null) return;
    this.#table.resize(size);
    this.#resized = { least: Math.min(size, this.#resized?.least ?? size), last: size };
  }

  /** It was the last value of that name. */
  isKnown(name: string, value: string): boolean {
    return this.#sent.get(name)?.value === value;
  }

  /** Starts a block at `at`. The caller sees to it that there is room (`headerRoom`). */
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
    const sent = this.#sent.get(name) ?? this.#meet(name);
    const isRepeated = sent.value === value;
    if (!isRepeated) {
      sent.value = value;
      sent.fixedIndex = sent.nameIndex === 0 ? 0 : fixedIndexOfPair(name, value);
    }
    if (sent.fixedIndex !== 0) this.#integer(0x80, 7, sent.fixedIndex);
    else this.#unfixed(sent, name, value, isRepeated);
  }

  /** Where the block ends. */
  end(): number {
    return this.#end;
  }

  #meet(name: string): Sent {
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

  /** Not what would push out most of the others. */
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

/** More octets than a header can need, with what may stand at the beginning of its block. */
export function headerRoom(name: string, value: string): number {
  return name.length + value.length + 24;
}
