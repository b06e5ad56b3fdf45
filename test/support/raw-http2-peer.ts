import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export interface RawFrame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

export interface RawRequest {
  stream: number;
  body: string;
}

export interface RawPeerOptions {
  /** The first bytes to send. Default: SETTINGS without settings. */
  opening?: Buffer;
  /** Called after the first bytes were sent. */
  onOpen?(connection: RawConnection): unknown;
  /** Called once for each complete request. */
  onRequest?(connection: RawConnection, request: RawRequest): unknown;
}

export interface RawPeer {
  url: string;
  /** Connections in the order of opening. */
  connections: readonly RawConnection[];
}

const PREFACE_LENGTH = 24;

/** A frame. `payload`: octets, or hexadecimal digits. */
export function rawFrame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const octets = typeof payload === 'string' ? Buffer.from(payload, 'hex') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(octets.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, octets]);
}

/** HEADERS with `:status: 200` that end the stream. */
export const rawOk = (stream: number) => rawFrame(1, 5, stream, '88');

/** The server's end of one connection. It understands frames and follows no other rule of the protocol. */
export class RawConnection {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  readonly requests: RawRequest[] = [];
  readonly closed: Promise<unknown>;
  readonly #waiting = new Set<() => void>();
  #unread = Buffer.alloc(0);
  #isOpen = false;
  readonly #bodies = new Map<number, string>();
  readonly #onRequest: RawPeerOptions['onRequest'];

  constructor(socket: Socket, onRequest: RawPeerOptions['onRequest']) {
    this.socket = socket;
    this.#onRequest = onRequest;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  write(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Resolves with the first frame of this type for which `fits` is true, received already or later. */
  heard(type: number, fits: (frame: RawFrame) => boolean = () => true): Promise<RawFrame> {
    return this.#until(() => this.frames.find((frame) => frame.type === type && fits(frame)));
  }

  /** Resolves once this many requests are complete. */
  asked(count: number): Promise<true> {
    return this.#until(() => this.requests.length >= count || undefined);
  }

  /** Answers the client's PING. Resolves once the client has read the answer. */
  async pong(): Promise<void> {
    const ping = await this.heard(6, ({ flags }) => flags === 0);
    this.write(rawFrame(6, 1, 0, ping.payload), rawFrame(6, 0, 0, Buffer.alloc(8, 'x')));
    await this.heard(6, ({ flags }) => flags === 1);
  }

  #until<T>(look: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const again = () => {
        const found = look();
        if (found === undefined) return;
        this.#waiting.delete(again);
        resolve(found);
      };
      this.#waiting.add(again);
      again();
    });
  }

  #read(chunk: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, chunk]);
    if (!this.#isOpen && this.#unread.length < PREFACE_LENGTH) return;
    if (!this.#isOpen) this.#unread = this.#unread.subarray(PREFACE_LENGTH);
    this.#isOpen = true;
    while (this.#unread.length >= 9 && this.#unread.length >= 9 + this.#unread.readUIntBE(0, 3)) {
      const end = 9 + this.#unread.readUIntBE(0, 3);
      const [type = 0, flags = 0] = this.#unread.subarray(3, 5);
      const stream = this.#unread.readUInt32BE(5);
      const payload = this.#unread.subarray(9, end);
      this.#unread = this.#unread.subarray(end);
      this.#frame({ type, flags, stream, payload });
    }
    for (const look of this.#waiting) look();
  }

  #frame(frame: RawFrame): void {
    this.frames.push(frame);
    if (frame.type > 1) return;
    const body = (this.#bodies.get(frame.stream) ?? '') + (frame.type === 0 ? frame.payload.toString('latin1') : '');
    this.#bodies.set(frame.stream, body);
    if ((frame.flags & 1) === 0) return;
    const request = { stream: frame.stream, body };
    this.requests.push(request);
    this.#onRequest?.(this, request);
  }
}

/** An HTTP/2 server in the clear on loopback whose frames the test writes by hand. It closes when the test ends. */
export async function startRawPeer(t: TestContext, options: RawPeerOptions): Promise<RawPeer> {
  const connections: RawConnection[] = [];
  const server = createServer((socket) => {
    const connection = new RawConnection(socket, options.onRequest);
    connections.push(connection);
    socket.write(options.opening ?? rawFrame(4, 0, 0));
    options.onOpen?.(connection);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const { socket } of connections) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections };
}
