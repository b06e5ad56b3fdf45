import { HeaderTable } from './header-table.ts';
import { CompressionError, decodeHuffman } from './huffman.ts';

/** Names and values alternate, in the order received. One character is one octet. */
export type FlatHeaders = readonly string[];

/** From this length in octets, comparing a value with its last encoding is cheaper than decoding it. */
const WORTH_REMEMBERING = 48;
/** Most octets of remembered values on one connection, because the other end chooses the names and the values. */
const MOST_REMEMBERED = 32_768;

interface Remembered {
  coded: Buffer;
  value: string;
}

/**
 * Decodes the header blocks of one connection, in the order received. Source: RFC 7541. A client never puts its
 * authorization into the table (nghttp2, RFC 7541 §7.1.3), so every request repeats a token of about a kilobyte. The token
 * is decoded once and then only compared, which also returns the same string each time.
 */
export class HeaderDecoder {
  readonly #table = new HeaderTable();
  readonly #remembered = new Map<string, Remembered>();
  #rememberedOctets = 0;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  /** Throws CompressionError, after which the connection cannot go on. */
  decode(block: Buffer): FlatHeaders {
    this.#block = block;
    this.#at = 0;
    const headers: string[] = [];
    while (this.#at < block.length) this.#field(headers);
    return headers;
  }

  #field(headers: string[]): void {
    const first = this.#block[this.#at] as number;
    if (first >= 0x80) {
      const index = this.#integer(7);
      headers.push(this.#table.nameAt(index), this.#table.valueAt(index));
    } else if (first >= 0x40) {
      const name = this.#name(6);
      const value = this.#value(name);
      this.#table.add(name, value);
      headers.push(name, value);
    } else if (first >= 0x20) {
      if (headers.length > 0) throw new CompressionError('the header table is resized in the middle of a block');
      this.#table.resize(this.#integer(5));
    } else {
      const name = this.#name(4);
      headers.push(name, this.#value(name));
    }
  }

  #name(prefixBits: number): string {
    const index = this.#integer(prefixBits);
    return index === 0 ? this.#text() : this.#table.nameAt(index);
  }

  #value(name: string): string {
    const from = this.#at;
    const isCoded = (this.#peek() & 0x80) !== 0;
    const length = this.#integer(7);
    if (length < WORTH_REMEMBERING || name === ':path') return this.#literal(isCoded, length);
    const end = this.#at + length;
    const last = this.#remembered.get(name);
    if (last !== undefined && end <= this.#block.length && last.coded.compare(this.#block, from, end) === 0) {
      this.#at = end;
      return last.value;
    }
    const value = this.#literal(isCoded, length);
    this.#remember(name, { coded: this.#block.subarray(from, end), value }, last);
    return value;
  }

  #remember(name: string, { coded, value }: Remembered, last: Remembered | undefined): void {
    this.#rememberedOctets += sizeOf(value) - (last === undefined ? 0 : sizeOf(last.value));
    this.#remembered.set(name, { coded: Buffer.from(coded), value });
    if (this.#remembered.size <= 64 && this.#rememberedOctets <= MOST_REMEMBERED) return;
    this.#remembered.clear();
    this.#rememberedOctets = 0;
  }

  #text(): string {
    const isCoded = (this.#peek() & 0x80) !== 0;
    return this.#literal(isCoded, this.#integer(7));
  }

  #literal(isCoded: boolean, length: number): string {
    const start = this.#at;
    const end = start + length;
    if (end > this.#block.length) throw new CompressionError('a header block ends within a string');
    this.#at = end;
    return isCoded ? decodeHuffman(this.#block, start, end) : this.#block.toString('latin1', start, end);
  }

  #peek(): number {
    const octet = this.#block[this.#at];
    if (octet === undefined) throw new CompressionError('a header block ends within a header');
    return octet;
  }

  #integer(prefixBits: number): number {
    const most = (1 << prefixBits) - 1;
    let value = this.#peek() & most;
    this.#at += 1;
    if (value < most) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const octet = this.#peek();
      this.#at += 1;
      value += (octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
    throw new CompressionError('an integer in a header block is too large');
  }
}

/** A value and its encoding, which may be longer. */
function sizeOf(value: string): number {
  return 3 * value.length;
}
