import { pause } from '../rig/waiting.ts';

export const KEY = 'a-key-for-the-chaos';

export interface Answer<T> {
  status: number;
  body: T;
}

const PATIENCE_MS = 60_000;

/** The server's API as a careful client uses it. `url` is asked anew for each try: a server that comes back has another. */
export class Api {
  readonly #url: () => Promise<string>;

  constructor(url: () => Promise<string>) {
    this.#url = url;
  }

  /** One try. Throws when there is nobody. */
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

  /** Again after 503 and lost connections; what it may repeat without harm is the caller's affair. */
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
