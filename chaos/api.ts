import { pause } from '../rig/waiting.ts';

export const KEY = 'a-key-for-the-chaos';

export interface Answer<T> {
  status: number;
  body: T;
}

const PATIENCE_MS = 60_000;

/** A careful client of the server's API. `url` is called for each try, because a restarted server has another port. */
export class Api {
  readonly #url: () => Promise<string>;

  constructor(url: () => Promise<string>) {
    this.#url = url;
  }

  /** Makes one request. Throws if the server cannot be reached. */
  async tryOnce<T = Record<string, unknown>>(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    idempotencyKey?: string,
  ): Promise<Answer<T>> {
    const response = await fetch((await this.#url()) + path, {
      method,
      headers: {
        authorization: `Bearer ${KEY}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    return { status: response.status, body: (await response.json()) as T };
  }

  /** Repeats the request after 503 and lost connections. The caller makes sure that repeating does no harm. */
  async ask<T = Record<string, unknown>>(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    idempotencyKey?: string,
  ): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const answer = await this.tryOnce<T>(method, path, body, idempotencyKey).catch((error: Error) => error);
      if (!(answer instanceof Error) && answer.status < 300) return answer.body;
      const problem = answer instanceof Error ? answer.message : `${answer.status} ${JSON.stringify(answer.body)}`;
      const isPassing = answer instanceof Error || answer.status === 503;
      if (!isPassing || performance.now() > deadline) throw new Error(`${method} ${path}: ${problem}`);
      await pause(200);
    }
  }
}
