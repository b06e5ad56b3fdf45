import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pause } from './waiting.ts';

/** A callback as it came, signature and all. */
interface Kept {
  path: string;
  headers: Record<string, string>;
  body: Buffer;
  /** Number of times that it was taken. */
  taken: number;
}

export interface CallbackRelayOptions {
  /** Base URL of the server for which the callbacks are. It may change, and may be away. */
  target(): Promise<string>;
  /** A number from 0 to 1, evenly spread. */
  random(): number;
  /** Share of callbacks that are also passed on at once, 0 to 1. Default: 0. */
  atOnce?: number;
}

/**
 * Stands between providers and the server: answers callbacks at once, keeps them, and passes them on later, in random order
 * and each one twice. It repeats what the server did not take, as providers do.
 */
export interface CallbackRelay {
  url: string;
  /** Passes on everything that is kept. Resolves when the server has taken each callback at least twice. */
  deliver(): Promise<void>;
  /** Number of callbacks passed on, by the status of the answer. 0: there was none. */
  answers(): ReadonlyMap<number, number>;
  /** Number of callbacks that providers have made. */
  count(): number;
  stop(): Promise<void>;
}

const TIMES = 2;
const SENDERS = 16;
const AGAIN_AFTER_MS = 100;
const PATIENCE_MS = 60_000;
/** Headers of the connection to the relay, which are not passed on. */
const ofConnection = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'expect', 'keep-alive']);

export async function startCallbackRelay(options: CallbackRelayOptions): Promise<CallbackRelay> {
  const { target, random, atOnce = 0 } = options;
  const answers = new Map<number, number>();
  const early = new Set<Promise<void>>();
  let waiting: Kept[] = [];
  let count = 0;

  async function pass(method: string, { path, headers, body }: Kept): Promise<{ status: number; body: string }> {
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const init = { method, headers, signal, ...(method === 'POST' && { body: new Uint8Array(body) }) };
      const response = await fetch((await target()) + path, init);
      return { status: response.status, body: await response.text() };
    } catch {
      return { status: 0, body: '' };
    }
  }

  /** False: the server did not take it, and it must come again. */
  async function passOn(kept: Kept): Promise<boolean> {
    const { status } = await pass('POST', kept);
    answers.set(status, (answers.get(status) ?? 0) + 1);
    if (status === 0 || status >= 500) return false;
    kept.taken += 1;
    return true;
  }

  async function sender(): Promise<void> {
    for (;;) {
      const at = Math.floor(random() * waiting.length);
      const [kept] = waiting.slice(at, at + 1);
      if (kept === undefined) return;
      waiting[at] = waiting.at(-1) as Kept;
      waiting.pop();
      const isTaken = await passOn(kept);
      if (kept.taken < TIMES) waiting.push(kept);
      if (!isTaken) await pause(AGAIN_AFTER_MS);
    }
  }

  /** Its answer is waited for, also while the server restarts. */
  async function handshake(kept: Kept): Promise<{ status: number; body: string }> {
    for (;;) {
      const answer = await pass('GET', kept);
      if (answer.status !== 0 && answer.status < 500) return answer;
      await pause(AGAIN_AFTER_MS);
    }
  }

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const kept = { path: request.url ?? '', headers: headersOf(request), body: Buffer.concat(parts), taken: 0 };
    if (request.method !== 'POST') {
      const answer = await handshake(kept);
      response.writeHead(answer.status).end(answer.body);
      return;
    }
    count += 1;
    waiting.push(kept);
    if (random() < atOnce) {
      const passing: Promise<void> = passOn({ ...kept }).then(() => void early.delete(passing));
      early.add(passing);
    }
    response.writeHead(200).end();
  }

  const server = createServer((request, response) => {
    receive(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async deliver() {
      await Promise.all(early);
      while (waiting.length > 0) await Promise.all(Array.from({ length: SENDERS }, sender));
    },
    answers: () => answers,
    count: () => count,
    async stop() {
      waiting = [];
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await Promise.all(early);
    },
  };
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => {
      const [name, value] = entry;
      return typeof value === 'string' && !ofConnection.has(name);
    }),
  );
}
