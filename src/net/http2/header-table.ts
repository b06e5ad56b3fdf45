import { CompressionError } from './huffman.ts';

/** Source: RFC 7541 appendix A. The first has the index 1. */
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

/** Index of the name's first entry in the fixed table. 0: none. */
export function fixedIndexOf(name: string): number {
  return 1 + fixed.findIndex((entry) => entry[0] === name);
}

/** Index of the name with this value in the fixed table. 0: none. */
export function fixedIndexOfPair(name: string, value: string): number {
  return 1 + fixed.findIndex((entry) => entry[0] === name && entry[1] === value);
}

/** Largest dynamic table, in octets, in both directions. It is the protocol's default, so we need not announce it. */
export const HEADER_TABLE_SIZE = 4_096;
/** Octets that an entry costs beyond its name and value. Source: RFC 7541 §4.1. */
const OVERHEAD = 32;

/** Length of the ring: a power of two, and more entries than the table can hold. */
const CAPACITY = 2 * (HEADER_TABLE_SIZE / OVERHEAD);

export function entrySize(name: string, value: string): number {
  return name.length + value.length + OVERHEAD;
}

/** The fixed table, followed by the dynamic table that both ends build, newest entry first. */
export class HeaderTable {
  #size = 0;
  #maxSize = HEADER_TABLE_SIZE;
  // A ring: the newest entry is at `#next - 1`.
  readonly #names = new Array<string>(CAPACITY).fill('');
  readonly #values = new Array<string>(CAPACITY).fill('');
  #next = 0;
  #count = 0;

  get maxSize(): number {
    return this.#maxSize;
  }

  nameAt(index: number): string {
    return index <= fixed.length ? fixedEntry(index)[0] : (this.#names[this.#position(index)] as string);
  }

  valueAt(index: number): string {
    return index <= fixed.length ? fixedEntry(index)[1] : (this.#values[this.#position(index)] as string);
  }

  /** Adds an entry and returns the number by which `indexOf` finds it. -1: it is larger than the table. */
  add(name: string, value: string): number {
    const size = entrySize(name, value);
    this.#shrink(this.#maxSize - size);
    if (size > this.#maxSize) return -1;
    this.#names[this.#next & (CAPACITY - 1)] = name;
    this.#values[this.#next & (CAPACITY - 1)] = value;
    this.#next += 1;
    this.#count += 1;
    this.#size += size;
    return this.#next - 1;
  }

  /** Current index of the entry with this number. 0: it has been pushed out. */
  indexOf(number: number): number {
    const age = this.#next - number;
    return age <= this.#count ? fixed.length + age : 0;
  }

  resize(maxSize: number): void {
    if (maxSize > HEADER_TABLE_SIZE) throw new CompressionError('the header table is made larger than we allow');
    this.#maxSize = maxSize;
    this.#shrink(maxSize);
  }

  #shrink(room: number): void {
    while (this.#count > 0 && this.#size > room) {
      const oldest = (this.#next - this.#count) & (CAPACITY - 1);
      this.#size -= entrySize(this.#names[oldest] as string, this.#values[oldest] as string);
      this.#count -= 1;
    }
  }

  #position(index: number): number {
    const age = index - fixed.length;
    if (age > this.#count) throw new CompressionError(`the header table has no entry ${index}`);
    return (this.#next - age) & (CAPACITY - 1);
  }
}

function fixedEntry(index: number): readonly [string, string] {
  const entry = fixed[index - 1];
  if (entry === undefined) throw new CompressionError('an index of 0 names no header');
  return entry;
}
