import { once } from 'node:events';
import { request as ask, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Clock } from '../lib/clock.ts';
import { endAll } from '../lib/end-all.ts';

/** The requests that the original answers before what they say can be seen. `/users/track/sync` is not one of them. */
const DELAYED = /^\/users\/track(?:\/bulk)?\/?(?:\?|$)/;
/** The largest body that a server of the double takes. One more byte is enough for it to refuse the request. */
const MOST_BODY_BYTES = 4_194_304;
/** Most bytes of bodies that wait at once. */
const MOST_WAITING_BYTES = 256 * 1_048_576;
/** Headers that belong to one connection. */
const OF_CONNECTION = new Set(['connection', 'content-length', 'expect', 'keep-alive', 'transfer-encoding']);

/** A server of the double that only the lag talks to. */
export interface Reached {
  url: string;
  stop(): Promise<void>;
}

export interface LagParts {
  clock: Clock;
  /** The server that the double is. */
  openBehind(): Promise<Reached>;
  /** One like it, with a database of its own. */
  openAhead(): Promise<Reached>;
}

/** A request that is answered by one server and done by another. */
interface Write {
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * The delay between writes and reads. A write is answered by a server that is `ahead`: it has the definitions and the clock
 * of the other and a database of its own, which nobody reads. The other server gets the write when it is due. The answer to
 * `/users/track` says nothing of what is stored, so both answer alike.
 */
export class Lag {
  readonly #parts: LagParts;
  #ms = 0;
  #servers: Promise<{ ahead: Reached; behind: Reached }> | null = null;
  /** Times at which writes are due, in order, in milliseconds since 1970. */
  readonly #due: number[] = [];
  readonly #timers = new Set<() => void>();
  #waitingBytes = 0;
  /** Resolves when everything that was due so far is written. */
  #written: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  constructor(parts: LagParts) {
    this.#parts = parts;
  }

  /** Sets the delay in milliseconds. Writes that wait already keep the time at which they are due. */
  async set(ms: number): Promise<void> {
    if (!Number.isFinite(ms) || ms < 0) throw new TypeError('lag: expected a number of milliseconds from 0');
    if (ms > 0) await this.#open();
    this.#ms = ms;
  }

  isAbout({ method, url = '' }: IncomingMessage): boolean {
    return this.#ms > 0 && method === 'POST' && DELAYED.test(url);
  }

  /** Answers a request at once, and passes it on when it is due. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '', headers } = request;
    const write = { url, headers: withoutConnection(headers), body: await readAll(request, MOST_BODY_BYTES) };
    if (this.#waitingBytes + write.body.length > MOST_WAITING_BYTES) return refuse(response);
    const { ahead, behind } = await this.#open();
    const answer = await give(ahead, write);
    if (answer.status < 400) this.#put(behind, write);
    response.writeHead(answer.status, withoutConnection(answer.headers)).end(answer.body);
  }

  /** When the next write is due. null: none waits. */
  nextDue(): Date | null {
    const [first] = this.#due;
    return first === undefined ? null : new Date(first);
  }

  /** Waits until everything that is due is written. Throws if the server refused what had been answered with success. */
  async settled(): Promise<void> {
    await this.#written;
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure;
  }

  /** Ends the server that is ahead. What waits is not written any more. */
  async stop(): Promise<void> {
    for (const cancel of this.#timers) cancel();
    await this.#written;
    const servers = await this.#servers;
    await endAll(
      () => servers?.behind.stop(),
      () => servers?.ahead.stop(),
    );
  }

  #open() {
    this.#servers ??= this.#openBoth();
    return this.#servers;
  }

  async #openBoth() {
    const ahead = await this.#parts.openAhead();
    return { ahead, behind: await this.#parts.openBehind() };
  }

  #put(behind: Reached, write: Write): void {
    const { clock } = this.#parts;
    const now = clock.now().getTime();
    // A shorter delay than before lets nobody overtake.
    const dueAt = Math.max(now + this.#ms, this.#due.at(-1) ?? 0);
    this.#due.push(dueAt);
    this.#waitingBytes += write.body.length;
    const cancel = clock.after(dueAt - now, () => {
      this.#timers.delete(cancel);
      this.#due.shift();
      this.#waitingBytes -= write.body.length;
      this.#written = this.#written.then(() => this.#write(behind, write));
    });
    this.#timers.add(cancel);
  }

  async #write(behind: Reached, write: Write): Promise<void> {
    try {
      const { status, body } = await give(behind, write);
      if (status >= 400) throw new Error(`it was answered with success, and then ${status}: ${body}`);
    } catch (cause) {
      this.#failure ??= new Error(`a delayed ${write.url} failed: ${cause}`, { cause });
    }
  }
}

async function give({ url }: Reached, { url: path, headers, body }: Write) {
  const call = ask(url + path, {
    method: 'POST',
    headers: { ...headers, 'content-length': body.length },
    agent: false,
  });
  // A body that is too large is refused by its length. Whoever went on to send it would write to a closed connection.
  if (body.length > MOST_BODY_BYTES) call.flushHeaders();
  else call.end(body);
  const [answer] = (await once(call, 'response')) as [IncomingMessage];
  call.on('error', () => undefined); // the answer has come
  const read = { status: answer.statusCode ?? 500, headers: answer.headers, body: await readAll(answer, Infinity) };
  call.destroy();
  return read;
}

/** The whole body or, of one that is too large, its beginning: enough for a server to refuse it. */
async function readAll(message: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    if (bytes <= mostBytes) chunks.push(chunk);
    bytes += chunk.length;
  }
  return Buffer.concat(chunks);
}

function withoutConnection(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_CONNECTION.has(name)));
}

function refuse(response: ServerResponse): void {
  const sentence = `more than ${MOST_WAITING_BYTES} bytes of delayed writes wait: move the clock on, or set a shorter lag`;
  const body = { message: 'Service Unavailable', errors: [sentence] };
  response.writeHead(503, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
