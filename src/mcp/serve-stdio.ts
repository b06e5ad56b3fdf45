import type { Readable, Writable } from 'node:stream';
import {
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type RequestId,
} from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { type McpOptions, mcpServers } from './server.ts';

/** How long the end of the input waits for answers, in milliseconds. Every call of a tool ends within that; see `api.ts`. */
const MOST_WAIT_MS = 60_000;

export interface StdioOptions extends McpOptions {
  /** Is told what cannot be read. */
  onTrouble(error: Error): void;
  input?: Readable;
  output?: Writable;
  /** How long the end of the input waits for answers, in milliseconds. */
  mostWaitMs?: number;
}

/** Serves one assistant over standard input and output. Resolves when the input has ended and what it asked is answered. */
export async function serveMcp(options: StdioOptions): Promise<void> {
  const { input = process.stdin, output = process.stdout, mostWaitMs = MOST_WAIT_MS } = options;
  const transport = new AnsweringTransport(input, output, mostWaitMs);
  serveStdio(mcpServers(options), { transport, onerror: options.onTrouble });
  await transport.ended;
}

/**
 * Says when the connection has ended: when nobody reads the output, or at the end of the input. What was asked before that is
 * answered first, because a program may write its requests and close the pipe; the transport by itself would drop them.
 */
class AnsweringTransport extends StdioServerTransport {
  readonly ended: Promise<void>;
  readonly #end: () => void;
  readonly #input: Readable;
  readonly #mostWaitMs: number;
  readonly #unanswered = new Set<RequestId>();
  #waiting: PromiseWithResolvers<void> | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(input: Readable, output: Writable, mostWaitMs: number) {
    super(input, output);
    this.#input = input;
    this.#mostWaitMs = mostWaitMs;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
  }

  override async start(): Promise<void> {
    const deliver = this.onmessage;
    this.onmessage = (message) => {
      this.#note(message);
      deliver?.(message);
    };
    await super.start();
  }

  override async send(message: JSONRPCMessage): Promise<void> {
    try {
      await super.send(message);
    } finally {
      if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) this.#settle(message.id);
    }
  }

  override async close(): Promise<void> {
    if (this.#input.readableEnded) await this.#allAnswered();
    if (this.#timer !== null) clearTimeout(this.#timer);
    await super.close();
    this.#end();
  }

  #note(message: JSONRPCMessage): void {
    // A subscription lasts as long as the connection and has no answer.
    if (isJSONRPCRequest(message) && message.method !== 'subscriptions/listen') this.#unanswered.add(message.id);
    // Nor has a request that is cancelled.
    if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled')
      this.#settle((message.params as { requestId?: RequestId } | undefined)?.requestId);
  }

  #settle(id: RequestId | undefined): void {
    if (id !== undefined) this.#unanswered.delete(id);
    if (this.#unanswered.size === 0) this.#waiting?.resolve();
  }

  /** The input says its end twice, by `end` and `close`; both wait for the same. */
  #allAnswered(): Promise<void> {
    if (this.#unanswered.size > 0) this.#waiting ??= Promise.withResolvers();
    if (this.#waiting === null) return Promise.resolve();
    const { promise, resolve } = this.#waiting;
    this.#timer ??= setTimeout(resolve, this.#mostWaitMs);
    return promise;
  }
}
