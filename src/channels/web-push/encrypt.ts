import { createCipheriv, createECDH, type ECDH, hkdfSync, randomFillSync } from 'node:crypto';
import type { Subscription } from './subscription.ts';

/** Our part of a message's keys. It is new for each message; only test vectors fix it. */
export interface Ephemeral {
  /** 16 random bytes. */
  salt: Buffer;
  /** Our P-256 key pair. */
  pair: ECDH;
}

export const RECORD_SIZE = 4_096;
const SALT_BYTES = 16;
const POINT_BYTES = 65;
const HEADER_BYTES = SALT_BYTES + 4 + 1 + POINT_BYTES;
const TAG_BYTES = 16;
const LAST_RECORD = 2;
/** The longest text that fits into one record: 4,096 bytes less header, delimiter and tag. */
export const MAX_PLAINTEXT_BYTES = RECORD_SIZE - HEADER_BYTES - TAG_BYTES - 1;

const keyInfo = Buffer.from('Content-Encoding: aes128gcm\0');
const nonceInfo = Buffer.from('Content-Encoding: nonce\0');
const pushInfo = Buffer.from('WebPush: info\0');

/** Reused for all messages, with a new key pair for each, because a new object costs a tenth of an encryption. */
const shared = createECDH('prime256v1');

/**
 * Encrypts a message for one subscription into one record: header, ciphertext, tag. Throws PayloadTooLarge when the
 * text is longer than MAX_PLAINTEXT_BYTES. Source: RFC 8291 (key agreement), RFC 8188 (aes128gcm).
 */
export function encrypt(plaintext: Buffer, receiver: Pick<Subscription, 'p256dh' | 'auth'>): Buffer {
  shared.generateKeys();
  return encryptWith(plaintext, receiver, { salt: nextSalt(), pair: shared });
}

/** The same, but null when the receiver's key is not a point of the curve. Throws PayloadTooLarge. */
export function encryptFor(plaintext: Buffer, receiver: Pick<Subscription, 'p256dh' | 'auth'>): Buffer | null {
  try {
    return encrypt(plaintext, receiver);
  } catch (error) {
    if (Object(error).code === 'ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY') return null;
    throw error;
  }
}

/** Random bytes for 256 salts, drawn at once because that takes as long as for one. Each salt is used once. */
const salts = Buffer.alloc(SALT_BYTES * 256);
let saltsUsed = salts.length;

function nextSalt(): Buffer {
  if (saltsUsed === salts.length) {
    randomFillSync(salts);
    saltsUsed = 0;
  }
  saltsUsed += SALT_BYTES;
  return salts.subarray(saltsUsed - SALT_BYTES, saltsUsed);
}

export function encryptWith(
  plaintext: Buffer,
  { p256dh, auth }: Pick<Subscription, 'p256dh' | 'auth'>,
  { salt, pair }: Ephemeral,
): Buffer {
  const publicKey = pair.getPublicKey();
  const info = Buffer.concat([pushInfo, p256dh, publicKey]);
  const inputKey = Buffer.from(hkdfSync('sha256', pair.computeSecret(p256dh), auth, info, 32));
  return seal(plaintext, { inputKey, salt, keyId: publicKey });
}

export class PayloadTooLarge extends Error {}

/** Encrypts as RFC 8188 says, in a single record of at most 4,096 bytes. */
export function seal(plaintext: Buffer, { inputKey, salt, keyId }: { inputKey: Buffer; salt: Buffer; keyId: Buffer }) {
  const header = Buffer.allocUnsafe(SALT_BYTES + 4 + 1);
  salt.copy(header);
  header.writeUInt32BE(RECORD_SIZE, SALT_BYTES);
  header.writeUInt8(keyId.length, SALT_BYTES + 4);
  if (header.length + keyId.length + plaintext.length + 1 + TAG_BYTES > RECORD_SIZE)
    throw new PayloadTooLarge('the plaintext does not fit into one record');
  const key = Buffer.from(hkdfSync('sha256', inputKey, salt, keyInfo, 16));
  const nonce = Buffer.from(hkdfSync('sha256', inputKey, salt, nonceInfo, 12));
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  const text = cipher.update(plaintext);
  const delimiter = cipher.update(Uint8Array.of(LAST_RECORD));
  cipher.final();
  return Buffer.concat([header, keyId, text, delimiter, cipher.getAuthTag()]);
}
