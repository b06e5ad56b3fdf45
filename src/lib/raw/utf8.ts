import { isUtf8 } from 'node:buffer';

/**
 * What is wrong with bytes that should be UTF-8: `expected UTF-8, got something else at line 1, byte 55`. null: they are.
 * Decoding would put U+FFFD in the place of what is broken, and nobody would notice.
 */
export function utf8Problem(bytes: Buffer): string | null {
  const at = findUtf8Error(bytes);
  if (at === null) return null;
  const before = bytes.subarray(0, at);
  let line = 1;
  for (let end = before.indexOf(LINE_FEED); end !== -1; end = before.indexOf(LINE_FEED, end + 1)) line += 1;
  return `expected UTF-8, got something else at line ${line}, byte ${at - before.lastIndexOf(LINE_FEED)}`;
}

/** The offset of the first byte that is not UTF-8. null: there is none. */
export function findUtf8Error(bytes: Buffer): number | null {
  return isUtf8(bytes) ? null : firstBroken(bytes);
}

const LINE_FEED = 0x0a;

/** Fewer bytes than these are looked at one after the other. */
const FEW_BYTES = 16;

/** Halves the bytes until few are left: a hostile body of megabytes must not keep the server busy. */
function firstBroken(bytes: Buffer): number {
  let [good, end] = [0, bytes.length];
  while (end - good > FEW_BYTES) {
    let middle = (good + end) >> 1;
    while (middle > good && isContinuation(bytes[middle])) middle -= 1;
    if (middle === good) break;
    if (isUtf8(bytes.subarray(good, middle))) good = middle;
    else end = middle;
  }
  for (;;) {
    const at = good;
    const length = [1, 2, 3, 4].find((count) => isUtf8(bytes.subarray(at, at + count)));
    if (length === undefined) return at;
    good += length;
  }
}

/** Whether the byte can only stand within a character. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
