import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { ChannelKey } from '../channels/channel.ts';
import type { SendKey } from '../dispatch/ledger/send.ts';

/** A send, as a text that providers give back names it. */
export interface SendReference extends SendKey {
  workspaceId: number;
}

// 250 bits, five a letter: dispatch (122, without the fixed bits of a UUIDv7) · workspace (20) · bucket (8) · user (40) ·
// channel (4) · mac (56).
export const REFERENCE_LETTERS = 50;
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const form = new RegExp(`^[a-z2-7]{${REFERENCE_LETTERS}}$`, 'i');
const MAC_BYTES = 7;
const MAC_BITS = 56n;
const HEAD_LETTERS = 28;

/** The widths of the parts in bits, first to last. */
const widths = [48n, 12n, 62n, 20n, 8n, 40n, 4n] as const;

/** The numbers of channels. A new one goes to the end, because references outlive a version. */
const channelNumbers: readonly ChannelKey[] = [
  ...(['android_push', 'apple_push', 'content_card', 'email', 'kindle_push', 'sms', 'web_push', 'webhook'] as const),
  'whats_app',
];

/**
 * Writes a reference to a send: 50 letters and digits whose case does not matter, so that it may be a part of an email
 * address or a URL. Nobody else can make one. Throws for a number that does not fit: from 2^40 people or 2^20 workspaces on.
 */
export function signReference(secret: KeyObject, ref: SendReference): string {
  const { hex, letters, rest } = headOf(ref);
  const { bucket, userId, channel } = ref;
  expectFits(bucket, 8);
  expectFits(userId, 40);
  const index = channelNumbers.indexOf(channel);
  const tail = `${hexOf(bucket, 2)}${hexOf(userId, 10)}${hexOf(index, 1)}`;
  const writer = new LetterWriter(letters);
  writer.write(rest, 2);
  writer.write(bucket, 8);
  writer.write(Math.floor(userId / 2 ** 20), 20);
  writer.write(userId % 2 ** 20, 20);
  writer.write(index, 4);
  const sum = digest(secret, hex + tail);
  for (let at = 0; at < MAC_BYTES; at += 1) writer.write(sum.charCodeAt(at), 8);
  return writer.letters;
}

function expectFits(part: number, width: number): void {
  if (!(part >= 0 && part < 2 ** width)) throw new Error(`a reference cannot hold ${part} in ${width} bits`);
}

/** Writes bits as letters, five in each. */
class LetterWriter {
  letters: string;
  #bits = 0;
  #value = 0;

  constructor(letters: string) {
    this.letters = letters;
  }

  /** Writes the lowest `width` bits of a number. At most 26. */
  write(value: number, width: number): void {
    this.#value = (this.#value << width) | value;
    this.#bits += width;
    while (this.#bits >= 5) {
      this.#bits -= 5;
      this.letters += alphabet[(this.#value >>> this.#bits) & 31];
      this.#value &= (1 << this.#bits) - 1;
    }
  }
}

function hexOf(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** The first 142 bits, which all sends of a dispatch share: as hexadecimal digits, and as letters with two bits left. */
interface Head {
  dispatchId: string;
  workspaceId: number;
  hex: string;
  letters: string;
  rest: number;
}

let lastHead: Head | null = null;

function headOf({ dispatchId, workspaceId }: SendReference): Head {
  if (lastHead?.dispatchId === dispatchId && lastHead.workspaceId === workspaceId) return lastHead;
  const bits = pack(headParts(dispatchId, workspaceId));
  const letters = written(bits >> 2n, HEAD_LETTERS);
  lastHead = { dispatchId, workspaceId, hex: bits.toString(16), letters, rest: Number(bits & 3n) };
  return lastHead;
}

/** Reads a reference. null: this server did not make the text. */
export function readReference(secret: KeyObject, text: string): SendReference | null {
  if (!form.test(text)) return null;
  const value = [...text.toLowerCase()].reduce((sum, letter) => (sum << 5n) | BigInt(alphabet.indexOf(letter)), 0n);
  const body = value >> MAC_BITS;
  const given = Buffer.from((value & ((1n << MAC_BITS) - 1n)).toString(16).padStart(MAC_BYTES * 2, '0'), 'hex');
  if (!timingSafeEqual(given, mac(secret, body.toString(16)))) return null;
  const [time = 0n, random = 0n, rest = 0n, workspaceId, bucket, userId, channel] = unpack(body);
  const key = channelNumbers[Number(channel)];
  if (key === undefined) return null;
  const hex = [
    time.toString(16).padStart(12, '0'),
    `7${random.toString(16).padStart(3, '0')}`,
    ((0b10n << 62n) | rest).toString(16),
  ].join('');
  return {
    workspaceId: Number(workspaceId),
    bucket: Number(bucket),
    dispatchId: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    userId: Number(userId),
    channel: key,
  };
}

function headParts(dispatchId: string, workspaceId: number): bigint[] {
  const hex = dispatchId.replaceAll('-', '');
  const [time, random, rest] = [hex.slice(0, 12), hex.slice(13, 16), hex.slice(16)].map((part) => BigInt(`0x${part}`));
  return [time ?? 0n, random ?? 0n, (rest ?? 0n) & ((1n << 62n) - 1n), BigInt(workspaceId)];
}

function pack(parts: readonly bigint[]): bigint {
  return parts.reduce((sum, part, index) => {
    const width = widths[index] ?? 0n;
    if (part < 0n || part >= 1n << width) throw new Error(`a reference cannot hold ${part} in ${width} bits`);
    return (sum << width) | part;
  }, 0n);
}

function unpack(body: bigint): bigint[] {
  let left = body;
  return widths
    .toReversed()
    .map((width) => {
      const part = left & ((1n << width) - 1n);
      left >>= width;
      return part;
    })
    .reverse();
}

function written(value: bigint, letters: number): string {
  const at = (index: number) => Number((value >> BigInt(5 * (letters - 1 - index))) & 31n);
  return Array.from({ length: letters }, (_, index) => alphabet[at(index)]).join('');
}

/** `body`: the signed bits as hexadecimal digits without zeros at the beginning. */
function mac(secret: KeyObject, body: string): Buffer {
  return Buffer.from(digest(secret, body).slice(0, MAC_BYTES), 'latin1');
}

/** The octets as characters: every message has a signature, and a buffer costs half as much as the digest. */
function digest(secret: KeyObject, body: string): string {
  return createHmac('sha256', secret).update(`send reference\n${body}`).digest('latin1');
}
