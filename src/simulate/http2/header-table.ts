import { CompressionError } from './huffman.ts';

/** Source: RFC 7541 appendix A; the first has the index 1. */
const fixed: readonly (readonly [string, string])[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  ...['200', '204', '206', '304', '400', '404', '500'].map((status): [string, string] => [':status', status]),
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ...(
    'accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control ' +
    'content-disposition content-encoding content-language content-length content-location content-range ' +
    'content-type cookie date etag expect expires from host if-match if-modified-since if-none-match if-range ' +
    'if-unmodified-since last-modified link location max-forwards proxy-authenticate proxy-authorization range ' +
    'referer refresh retry-after server set-cookie strict-transport-security transfer-encoding user-agent vary ' +
    'via www-authenticate'
  )
    .split(' ')
    .map((name): [string, string] => [name, '']),
];

/** Where a name stands in the fixed table; 0 when it does not. */
export const fixedIndex: ReadonlyMap<string, number> = new Map(
  fixed.map(([name], position): [string, number] => [name, position + 1]).reverse(),
);

/** An entry costs its octets and this many more. Source: RFC 7541 §4.1. */
const OVERHEAD = 32;

/** The fixed table followed by the one that both ends build as they go, newest first. */
export class HeaderTable {
  readonly #limit: number;
  #size = 0;
  #maxSize: number;
  // A ring: the newest entry is at `#next - 1`.
  readonly #names: string[];
  readonly #values: string[];
  readonly #mask: number;
  #next = 0;
  #count = 0;

  /** `limit`: what we have announced as SETTINGS_HEADER_TABLE_SIZE. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#maxSize = limit;
    const capacity = 2 ** Math.ceil(Math.log2(limit / OVERHEAD + 1));
    this.#names = new Array<string>(capacity).fill('');
    this.#values = new Array<string>(capacity).fill('');
    this.#mask = capacity - 1;
  }

  nameAt(index: number): string {
    return index <= fixed.length ? fixedEntry(index)[0] : (this.#names[this.#position(index)] as string);
  }

  valueAt(index: number): string {
    return index <= fixed.length ? fixedEntry(index)[1] : (this.#values[this.#position(index)] as string);
  }

  add(name: string, value: string): void {
    const size = name.length + value.length + OVERHEAD;
    this.#shrink(this.#maxSize - size);
    if (size > this.#maxSize) return;
    this.#names[this.#next & this.#mask] = name;
    this.#values[this.#next & this.#mask] = value;
    this.#next += 1;
    this.#count += 1;
    this.#size += size;
  }

  resize(maxSize: number): void {
    if (maxSize > this.#limit) throw new CompressionError('the header table is made larger than we allow');
    this.#maxSize = maxSize;
    this.#shrink(maxSize);
  }

  #shrink(room: number): void {
    while (this.#count > 0 && this.#size > room) {
      const oldest = (this.#next - this.#count) & this.#mask;
      this.#size -= (this.#names[oldest]?.length ?? 0) + (this.#values[oldest]?.length ?? 0) + OVERHEAD;
      this.#count -= 1;
    }
  }

  #position(index: number): number {
    const age = index - fixed.length;
    if (age > this.#count) throw new CompressionError(`the header table has no entry ${index}`);
    return (this.#next - age) & this.#mask;
  }
}

function fixedEntry(index: number): readonly [string, string] {
  const entry = fixed[index - 1];
  if (entry === undefined) throw new CompressionError('an index of 0 names no header');
  return entry;
}
