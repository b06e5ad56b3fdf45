import { createDecipheriv, createHmac } from 'node:crypto';
import type { SubscriptionKeys } from './web-push-subscriptions.ts';

const SALT_SIZE = 16;
const HEADER_SIZE = SALT_SIZE + 4 + 1;
const KEY_SIZE = 65;
const TAG_SIZE = 16;
const LEAST_RECORD = TAG_SIZE + 2;

/**
 * Decrypts a message as its browser does, or says why the browser could not.
 * Source: RFC 8291 §3 and §4 (keys, one record), RFC 8188 §2 (aes128gcm).
 */
export function decryptPush(body: Buffer, keys: SubscriptionKeys): { plaintext: Buffer } | { problem: string } {
  if (body.length < HEADER_SIZE + KEY_SIZE + LEAST_RECORD) return { problem: 'the body is too short' };
  const salt = body.subarray(0, SALT_SIZE);
  const recordSize = body.readUInt32BE(SALT_SIZE);
  if (body[SALT_SIZE + 4] !== KEY_SIZE) return { problem: 'the key id is no P-256 point of 65 octets' };
  const record = body.subarray(HEADER_SIZE + KEY_SIZE);
  if (recordSize < LEAST_RECORD || record.length > recordSize) return { problem: 'the body is not a single record' };
  const theirs = body.subarray(HEADER_SIZE, HEADER_SIZE + KEY_SIZE);
  try {
    const shared = keys.ecdh.computeSecret(theirs);
    return unpad(open(record, salt, sharedSecret(shared, theirs, keys)));
  } catch {
    return { problem: 'it was not encrypted for this subscription' };
  }
}

function sharedSecret(shared: Buffer, theirs: Buffer, { publicKey, auth }: SubscriptionKeys): Buffer {
  return expand(hmac(auth, shared), Buffer.concat([Buffer.from('WebPush: info\0'), publicKey, theirs]));
}

/** Decrypts a record. Throws if its authentication tag is wrong. */
function open(record: Buffer, salt: Buffer, secret: Buffer): Buffer {
  const pseudoRandom = hmac(salt, secret);
  const key = expand(pseudoRandom, Buffer.from('Content-Encoding: aes128gcm\0')).subarray(0, 16);
  const nonce = expand(pseudoRandom, Buffer.from('Content-Encoding: nonce\0')).subarray(0, 12);
  const decipher = createDecipheriv('aes-128-gcm', key, nonce).setAuthTag(record.subarray(-TAG_SIZE));
  return Buffer.concat([decipher.update(record.subarray(0, -TAG_SIZE)), decipher.final()]);
}

/** Removes the padding: the last record ends with a 2 and any number of zeros. */
function unpad(padded: Buffer): { plaintext: Buffer } | { problem: string } {
  let end = padded.length - 1;
  while (end > 0 && padded[end] === 0) end -= 1;
  return padded[end] === 2
    ? { plaintext: padded.subarray(0, end) }
    : { problem: 'the record is not marked as the last' };
}

function expand(key: Buffer, info: Buffer): Buffer {
  return hmac(key, Buffer.concat([info, Buffer.of(1)]));
}

function hmac(key: Buffer, data: Buffer): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
