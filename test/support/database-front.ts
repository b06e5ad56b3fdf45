// What may stand between Cresset and a PostgreSQL elsewhere: TLS, and a pooler, before the database of a test.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { TestDatabase } from './database.ts';

/** The code of an SSLRequest. Source: PostgreSQL, "Message Formats". */
const SSL_REQUEST = 80_877_103;

/** What a front does with the first message of a connection. */
export type Begin = (startup: Buffer) => { pass: Buffer } | { refuse: Buffer };

export interface Front {
  /** URL of the database through this front, by TCP, with these parameters. */
  url(parameters?: Record<string, string>): string;
  /** Ends every connection and takes no new ones, as a database that has gone does. */
  close(): Promise<void>;
  /** Takes connections at the same port again. */
  open(): Promise<void>;
}

interface FrontOptions {
  /** With it, TLS is offered. */
  tls?: { cert: string; key: string };
  begin?: Begin;
}

/** Stands before the database of a test until that closes. */
export async function startFront(
  { url: databaseUrl, beforeClose }: Pick<TestDatabase, 'url' | 'beforeClose'>,
  { tls, begin = (startup) => ({ pass: startup }) }: FrontOptions = {},
): Promise<Front> {
  const { pathname, searchParams } = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const server = createServer(async (socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)));
    socket.on('error', () => undefined); // The client left.
    let plain: Socket = socket;
    let first = await firstOf(socket);
    if (first.readInt32BE(4) === SSL_REQUEST) {
      socket.write(tls === undefined ? 'N' : 'S');
      if (tls !== undefined) plain = new TLSSocket(socket, { isServer: true, ...tls });
      plain.on('error', () => undefined);
      first = await firstOf(plain);
    }
    const begun = begin(first);
    if ('refuse' in begun) return void plain.end(begun.refuse);
    const there = connect(`${decodeURIComponent(pathname)}/.s.PGSQL.5432`);
    there.on('error', () => plain.destroy());
    plain.on('close', () => there.destroy());
    there.write(begun.pass);
    plain.pipe(there).pipe(plain);
  });
  const open = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const close = async () => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await open(0);
  const { port } = server.address() as AddressInfo;
  beforeClose(close);
  const password = encodeURIComponent(searchParams.get('password') ?? '');
  return {
    close,
    open: () => open(port),
    url(parameters = {}) {
      const asked = new URLSearchParams(parameters).toString();
      const query = asked === '' ? '' : `?${asked}`;
      return `postgres://${searchParams.get('user')}:${password}@127.0.0.1:${port}/${searchParams.get('db')}${query}`;
    },
  };
}

/** The first message of a connection, whole: it begins with its length. Empty: the connection ended before. */
async function firstOf(socket: Socket): Promise<Buffer> {
  let read = Buffer.alloc(0);
  while (read.length < 8 || read.length < read.readInt32BE(0)) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) read = Buffer.concat([read, chunk]);
    else if (socket.readableEnded || socket.destroyed) return Buffer.alloc(8);
    else await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
  }
  return read;
}

/** The parameters of a startup message, in their order. */
function parametersOf(startup: Buffer): [name: string, value: string][] {
  const texts = startup.toString('utf8', 8).split('\0');
  const pairs: [string, string][] = [];
  for (let at = 0; texts[at]; at += 2) pairs.push([texts[at] ?? '', texts[at + 1] ?? '']);
  return pairs;
}

/** As PgBouncer does with its own settings: settings of a session that it does not know are refused. */
export const refusesOptions: Begin = (startup) =>
  parametersOf(startup).some(([name]) => name === 'options')
    ? { refuse: failure('08P01', 'unsupported startup parameter: options') }
    : { pass: startup };

/** As PgBouncer does with `ignore_startup_parameters = options`. */
export const dropsOptions: Begin = (startup) => {
  const kept = parametersOf(startup).filter(([name]) => name !== 'options');
  const body = Buffer.from(`${kept.map(([name, value]) => `${name}\0${value}\0`).join('')}\0`);
  const head = Buffer.alloc(4);
  head.writeInt32BE(8 + body.length);
  return { pass: Buffer.concat([head, startup.subarray(4, 8), body]) };
};

function failure(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(4 + fields.length, 1);
  return Buffer.concat([head, fields]);
}
