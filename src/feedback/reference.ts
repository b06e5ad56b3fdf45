import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { ChannelKey } from '../channels/channel.ts';
import type { SendKey } from '../dispatch/ledger/send.ts';

/** A send, as a text that providers give back names it. */
export interface SendReference extends SendKey {
  workspaceId: number;
}

// 250 bits, five a letter: dispatch (122, without the fixed bits of a UUIDv7) · workspace (20) · bucket (8) · user (40) ·
// channel (4) · mac (56).
const LETTERS = 50;
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const form = new RegExp(`^[a-z2-7]{${LETTERS}}$`, 'i');
const MAC_BYTES = 7;
const MAC_BITS = 56n;

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
  const body = pack(partsOf(ref));
  const tag = BigInt(`0x${mac(secret, body).toString('hex')}`);
  return written((body << MAC_BITS) | tag);
}

/** Reads a reference. null: this server did not make the text. */
export function readReference(secret: KeyObject, text: string): SendReference | null {
  if (!form.test(text)) return null;
  const value = [...text.toLowerCase()].reduce((sum, letter) => (sum << 5n) | BigInt(alphabet.indexOf(letter)), 0n);
  const body = value >> MAC_BITS;
  const given = Buffer.from((value & ((1n << MAC_BITS) - 1n)).toString(16).padStart(MAC_BYTES * 2, '0'), 'hex');
  if (!timingSafeEqual(given, mac(secret, body))) return null;
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

function partsOf({ dispatchId, workspaceId, bucket, userId, channel }: SendReference): bigint[] {
  const hex = dispatchId.replaceAll('-', '');
  const [time, random, rest] = [hex.slice(0, 12), hex.slice(13, 16), hex.slice(16)].map((part) => BigInt(`0x${part}`));
  const index = channelNumbers.indexOf(channel);
  return [
    time ?? 0n,
    random ?? 0n,
    (rest ?? 0n) & ((1n << 62n) - 1n),
    ...[workspaceId, bucket, userId, index].map(BigInt),
  ];
}

function pack(parts: readonly bigint[]): bigint {
  return widths.reduce((sum, width, index) => {
    const part = parts[index] ?? 0n;
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

function written(value: bigint): string {
  const at = (index: number) => Number((value >> BigInt(5 * (LETTERS - 1 - index))) & 31n);
  return Array.from({ length: LETTERS }, (_, index) => alphabet[at(index)]).join('');
}

function mac(secret: KeyObject, body: bigint): Buffer {
  return createHmac('sha256', secret)
    .update('send reference\n')
    .update(body.toString(16))
    .digest()
    .subarray(0, MAC_BYTES);
}
