import { createHmac } from 'node:crypto';
import { Agent } from 'undici';
import { type PostReply, post } from '../../net/http-post.ts';

/** Most callbacks under way at once to one host. */
const MAX_CONNECTIONS = 32;
const TIMEOUT_MS = 15_000;
const MAX_REPLY_BYTES = 16_384;

/** Posts signed forms as Twilio does, and counts the answers. */
export class TwilioCallbacks {
  readonly #authToken: string;
  readonly #agent = new Agent({ connections: MAX_CONNECTIONS, pipelining: 1 });
  readonly #answers = new Map<string, number>();
  readonly #pending = new Set<Promise<unknown>>();

  constructor(authToken: string) {
    this.#authToken = authToken;
  }

  /** `what`: the name under which the answer is counted. Resolves to null when none came. */
  async post(url: string, fields: readonly (readonly [string, string])[], what: string): Promise<PostReply | null> {
    const { origin, pathname, search } = new URL(url);
    const request = post(this.#agent, {
      ...{ origin, path: pathname + search, maxReplyBytes: MAX_REPLY_BYTES, signal: AbortSignal.timeout(TIMEOUT_MS) },
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
        'user-agent': 'TwilioProxy/1.1',
        'x-twilio-signature': this.#signature(url, fields),
      },
      body: new URLSearchParams(fields.map(([name, value]) => [name, value])).toString(),
    });
    const reply = await request.catch(() => null);
    const name = `${what}: ${reply?.status ?? 'no answer'}`;
    this.#answers.set(name, (this.#answers.get(name) ?? 0) + 1);
    return reply;
  }

  /** Keeps a piece of work until it has ended, so that `idle` waits for it. */
  keep<T>(work: Promise<T>): Promise<T> {
    const kept: Promise<T> = work.finally(() => this.#pending.delete(kept));
    this.#pending.add(kept);
    return kept;
  }

  /** Resolves when no callback is under way. */
  async idle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** Number of callbacks by their answer. */
  counts(): Record<string, number> {
    return Object.fromEntries(this.#answers);
  }

  reset(): void {
    this.#answers.clear();
  }

  async stop(): Promise<void> {
    await this.#agent.destroy();
    await this.idle();
  }

  /** Base64 of the HMAC-SHA1 over the URL and, by name, each name with its value. */
  #signature(url: string, fields: readonly (readonly [string, string])[]): string {
    const sorted = fields.toSorted(([one], [other]) => (one < other ? -1 : 1));
    const text = url + sorted.map(([name, value]) => name + value).join('');
    return createHmac('sha1', this.#authToken).update(text).digest('base64');
  }
}
