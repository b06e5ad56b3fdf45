import { Agent } from 'undici';
import { type PostReply, post } from '../net/http-post.ts';

export interface Callback {
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** Most callbacks under way at once to one host. */
const MAX_CONNECTIONS = 32;
const TIMEOUT_MS = 15_000;
const MAX_REPLY_BYTES = 16_384;

/** Posts what a provider tells us, and counts the answers. */
export class Callbacks {
  readonly #agent = new Agent({ connections: MAX_CONNECTIONS, pipelining: 1 });
  readonly #answers = new Map<string, number>();
  readonly #pending = new Set<Promise<unknown>>();

  /** `what`: the name under which the answer is counted. Resolves to null when none came. */
  async send({ url, headers, body }: Callback, what: string): Promise<PostReply | null> {
    const { origin, pathname, search } = new URL(url);
    // What waits for a connection must not time out: a provider would come again.
    const request = { headers, body, maxReplyBytes: MAX_REPLY_BYTES, timeoutMs: TIMEOUT_MS };
    const reply = await post(this.#agent, { origin, path: pathname + search, ...request }).catch(() => null);
    this.count(`${what}: ${reply?.status ?? 'no answer'}`);
    return reply;
  }

  /** Gets a page. Resolves to null when no answer came. */
  async get(url: string): Promise<{ status: number; body: string } | null> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const { origin, pathname, search } = new URL(url);
      const { statusCode, body } = await this.#agent.request({
        origin,
        path: pathname + search,
        method: 'GET',
        signal,
      });
      return { status: statusCode, body: await body.text() };
    } catch {
      return null;
    }
  }

  count(name: string, times = 1): void {
    this.#answers.set(name, (this.#answers.get(name) ?? 0) + times);
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
}
