import { createClient, type OperationName, type SendOptions } from '../client/client.ts';
import type { Input } from '../client/request.ts';
import { isObject } from '../lib/raw/json.ts';

/** The Cresset that the tools read. */
export interface Api {
  /** The address of the server, for error messages. */
  url: string;
  /**
   * Calls an operation and returns its answer, without the word that it is one. What an assistant gives is not checked here, because the server does, with
   * better words. Throws CressetError if the server refuses, NoAnswerError if no usable answer came.
   */
  call(name: OperationName, input?: Input, options?: SendOptions): Promise<Record<string, unknown>>;
}

/** With one repetition, a call ends within the minute that clients wait for a tool. */
const limits = { timeoutMs: 20_000, retries: 1, mostAnswerBytes: 8 * 1024 * 1024 };

/** Throws TypeError if the address or the key cannot be one. */
export function createApi({ url, key }: { url: string; key: string }): Api {
  const client = createClient({ url, key, ...limits, knowsIdempotencyKeys: true });
  const call = client.call as (name: OperationName, input?: Input, options?: SendOptions) => Promise<unknown>;
  return {
    url,
    async call(name, input, options) {
      const answer = await call(name, input, options);
      if (!isObject(answer)) throw new Error(`${name} answered JSON that is not an object`);
      const { message, ...rest } = answer;
      return message === 'success' ? rest : answer;
    },
  };
}
