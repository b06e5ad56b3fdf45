/** A header block cannot be decoded, so the connection must end. Source: RFC 7541 §2.3.3, RFC 9113 §4.3. */
export class CompressionError extends Error {
  override name = 'CompressionError';
}

/**
 * Length in bits of each symbol's code: 0–255 and the end of the string. The code is canonical (codes of equal length
 * count upwards in the order of the symbols), so the lengths define it. Source: RFC 7541 appendix B.
 */
// biome-ignore format: sixteen to a line, as the octets are.
const lengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const END = 256;

/** Inner nodes of the code's tree. Each has two children; a negative child is the symbol `~child`. */
const tree = buildTree();

// One step per octet, not per bit: `state × 256 + octet` → next state | symbols << 8 | count << 24, or FAILED.
// The shortest code has five bits, so an octet ends at most two symbols.
const FAILED = 0xffffffff;
const steps = buildSteps();
/** 1 for a state in which a string may end: fewer than eight bits, all ones, since the last symbol. */
const mayEnd = buildMayEnd();

let scratch = Buffer.allocUnsafeSlow(16_384);

/** Decodes `bytes[start..end)`; one character of the result is one octet. Throws CompressionError. */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string {
  if ((end - start) * 2 > scratch.length) scratch = Buffer.allocUnsafeSlow((end - start) * 2);
  let state = 0;
  let length = 0;
  for (let at = start; at < end; at += 1) {
    const step = steps[(state << 8) | (bytes[at] as number)] as number;
    if (step === FAILED) throw new CompressionError('a Huffman-coded string holds the end-of-string symbol');
    state = step & 0xff;
    // Writing a symbol that is not there is cheaper than a check; the next one overwrites it.
    scratch[length] = (step >>> 8) & 0xff;
    scratch[length + 1] = (step >>> 16) & 0xff;
    length += step >>> 24;
  }
  if (mayEnd[state] === 0) throw new CompressionError('a Huffman-coded string is not padded with ones');
  return scratch.toString('latin1', 0, length);
}

function buildTree(): [number, number][] {
  const nodes: [number, number][] = [[0, 0]];
  let code = 0;
  for (let length = 1; length <= 30; length += 1) {
    for (const [symbol, wanted] of lengths.entries()) {
      if (wanted === length) insert(nodes, code++, length, symbol);
    }
    code *= 2;
  }
  return nodes;
}

function insert(nodes: [number, number][], code: number, length: number, symbol: number): void {
  let node = nodes[0] as [number, number];
  for (let bit = length - 1; bit > 0; bit -= 1) {
    const side = (code >>> bit) & 1;
    if (node[side] === 0) node[side] = nodes.push([0, 0]) - 1;
    node = nodes[node[side] as number] as [number, number];
  }
  node[code & 1] = ~symbol;
}

function buildSteps(): Uint32Array {
  const table = new Uint32Array(tree.length * 256);
  for (let state = 0; state < tree.length; state += 1) {
    for (let octet = 0; octet < 256; octet += 1) table[(state << 8) | octet] = stepFrom(state, octet);
  }
  return table;
}

function stepFrom(state: number, octet: number): number {
  let at = state;
  let symbols = 0;
  let count = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    const next = tree[at]?.[((octet >>> bit) & 1) as 0 | 1] ?? 0;
    if (next === ~END) return FAILED;
    if (next < 0) symbols |= ~next << (8 * count++);
    at = Math.max(next, 0);
  }
  return (at | (symbols << 8) | (count << 24)) >>> 0;
}

function buildMayEnd(): Uint8Array {
  const ends = new Uint8Array(tree.length);
  let state = 0;
  for (let bits = 0; bits < 8; bits += 1) {
    ends[state] = 1;
    state = tree[state]?.[1] ?? 0;
  }
  return ends;
}
