import { isUtf8 } from 'node:buffer';

/**
 * What is wrong with bytes that should be UTF-8: `expected UTF-8, got something else at line 1, byte 55`. null: they are.
 * Decoding would put U+FFFD in the place of what is broken, and nobody would notice.
 */
export function utf8Problem(bytes: Buffer): string | null {
  const at = findUtf8Error(bytes);
  if (at === null) return null;
  const before = bytes.subarray(0, at);
  const line = before.reduce((lines, byte) => (byte === LINE_FEED ? lines + 1 : lines), 1);
  return `expected UTF-8, got something else at line ${line}, byte ${at - before.lastIndexOf(LINE_FEED)}`;
}

/** The offset of the first byte that is not UTF-8. null: there is none. */
export function findUtf8Error(bytes: Buffer): number | null {
  return isUtf8(bytes) ? null : firstBroken(bytes);
}

const LINE_FEED = 0x0a;
const REPLACEMENT = '\ufffd';
const replacementBytes = Buffer.from(REPLACEMENT);

/** Where U+FFFD came out of other bytes than its own. */
function firstBroken(bytes: Buffer): number {
  const text = bytes.toString('utf8');
  let at = 0;
  for (let from = 0; ; from += 1) {
    const found = text.indexOf(REPLACEMENT, from);
    if (found === -1) return bytes.length;
    at += Buffer.byteLength(text.slice(from, found));
    if (!bytes.subarray(at, at + replacementBytes.length).equals(replacementBytes)) return at;
    at += replacementBytes.length;
    from = found;
  }
}
