import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';

/** A sign-in that was begun in a browser. */
export interface Attempt {
  state: string;
  nonce: string;
  /** The code verifier of PKCE. */
  verifier: string;
  /** Where to go afterwards: a URL of the console. */
  next: string;
  endsMs: number;
}

/** Time in which a sign-in must be finished. */
export const ATTEMPT_MS = 10 * 60_000;

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^[\w-]{40,4000}$/;

/** Seals attempts, so that a browser keeps its own and can neither read nor change it. Any server of the database opens it. */
export class AttemptSeal {
  readonly #key: Buffer;

  constructor(secret: KeyObject) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', 'sign-in by OpenID Connect', 32));
  }

  seal(attempt: Attempt): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(JSON.stringify(attempt), 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** null: it is not one of ours, or it is over. */
  open(text: string, nowMs: number): Attempt | null {
    if (!SEALED.test(text)) return null;
    const bytes = Buffer.from(text, 'base64url');
    const tagEnd = NONCE_BYTES + TAG_BYTES;
    if (bytes.length <= tagEnd) return null;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, tagEnd));
    const opened = decipher.update(bytes.subarray(tagEnd));
    try {
      decipher.final();
    } catch {
      return null; // somebody else made or changed it
    }
    const attempt = JSON.parse(opened.toString('utf8')) as Attempt;
    return nowMs < attempt.endsMs ? attempt : null;
  }
}
