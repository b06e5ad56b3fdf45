import { createECDH, createHash, type ECDH } from 'node:crypto';

/** The JSON of a browser's `PushSubscription`. */
export interface PushSubscription {
  endpoint: string;
  expirationTime: null;
  keys: { p256dh: string; auth: string };
}

/** The browser's side of a subscription. */
export interface SubscriptionKeys {
  ecdh: ECDH;
  publicKey: Buffer;
  auth: Buffer;
}

const MOST_REMEMBERED = 20_000;

/**
 * Every name is a subscription. Its keys are derived from the seed and the name, so a hundred thousand of them need no
 * storage and stay the same after a restart.
 */
export class Subscriptions {
  readonly #seed: number;
  readonly #keys = new Map<string, SubscriptionKeys>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  keys(name: string): SubscriptionKeys {
    const remembered = this.#keys.get(name);
    if (remembered !== undefined) return remembered;
    if (this.#keys.size >= MOST_REMEMBERED) this.#keys.clear();
    const ecdh = createECDH('prime256v1');
    // OpenSSL would refuse a digest that is not a valid key, which is one in 2^32.
    ecdh.setPrivateKey(this.#digest(name, 'key'));
    const keys = { ecdh, publicKey: ecdh.getPublicKey(), auth: this.#digest(name, 'auth').subarray(0, 16) };
    this.#keys.set(name, keys);
    return keys;
  }

  subscription(url: string, name: string): PushSubscription {
    const { publicKey, auth } = this.keys(name);
    return {
      endpoint: `${url}/push/${encodeURIComponent(name)}`,
      expirationTime: null,
      keys: { p256dh: publicKey.toString('base64url'), auth: auth.toString('base64url') },
    };
  }

  #digest(name: string, purpose: string): Buffer {
    return createHash('sha256').update(`cresset simulate\0${this.#seed}\0${purpose}\0${name}`).digest();
  }
}
