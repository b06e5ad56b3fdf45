import { randomBytes } from 'node:crypto';

/** The access tokens issued so far, and when each expires. */
export class AccessTokens {
  readonly #until = new Map<string, number>();
  readonly #prefix: string;
  readonly #bytes: number;

  constructor(prefix: string, bytes: number) {
    this.#prefix = prefix;
    this.#bytes = bytes;
  }

  issue(now: Date, seconds: number): string {
    const token = this.#prefix + randomBytes(this.#bytes).toString('base64url');
    this.#until.set(token, now.getTime() + seconds * 1_000);
    return token;
  }

  /** `expired` is said only of tokens that we issued. */
  judge(token: string, now: Date): 'good' | 'expired' | 'unknown' {
    const until = this.#until.get(token);
    if (until === undefined) return 'unknown';
    return now.getTime() < until ? 'good' : 'expired';
  }

  revokeAll(): void {
    this.#until.clear();
  }
}
