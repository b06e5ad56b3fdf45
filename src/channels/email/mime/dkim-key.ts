import { createPrivateKey, type KeyObject } from 'node:crypto';

const FEWEST_BITS = 1_024;
const MOST_BITS = 4_096;

/**
 * Why mails cannot be signed with this key. null: they can. Receivers do not check Ed25519 yet, so a mail signed with
 * such a key alone would count as unsigned. Source: RFC 6376 §3.3, RFC 8301 §3.2.
 */
export function dkimKeyProblem(pem: string): string | null {
  const key = readKey(pem);
  if (key === null) return 'expected a private key as PEM';
  if (key.asymmetricKeyType !== 'rsa') return 'expected an RSA key: other kinds are not checked by mailbox providers';
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return bits >= FEWEST_BITS && bits <= MOST_BITS
    ? null
    : `expected an RSA key of ${FEWEST_BITS} to ${MOST_BITS} bits, better 2048, got ${bits}`;
}

/** The key as PEM, in either form that openssl writes. null: it is none. */
function readKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    return null;
  }
}
