import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { testCertificate } from '../../rig/certificate.ts';
import { bytesField, type Frame, fixed64Field, frame, readFrames, textField, varintField } from './mcs.ts';

/**
 * Plays Google's push service for Chromium and for senders: a browser checks in and registers over HTTP, keeps a TLS
 * connection (MCS), and receives over it, still encrypted, what others post to its endpoint. The browser uses its own push
 * manager, key pair and decryption.
 */
export interface ChromiumPushService {
  /** The origin that senders post to. It must replace the origin that Chromium puts into its endpoints. */
  url: string;
  /** Switches that make Chromium use this service. */
  args: readonly string[];
  received: { path: string; headers: IncomingMessage['headers']; body: Buffer }[];
}

const LOGIN_REQUEST = 2;
const LOGIN_RESPONSE = 3;
const DATA_MESSAGE = 8;
const HEARTBEAT_PING = 0;
const HEARTBEAT_ACK = 1;
const MCS_VERSION = 41;

interface Registration {
  token: string;
  app: string;
  subtype: string;
  sender: string;
}

export async function startChromiumPushService(t: TestContext): Promise<ChromiumPushService> {
  const registrations: Registration[] = [];
  const received: ChromiumPushService['received'] = [];
  // Chromium hangs up when it has no subscription left, and connects again for the next one.
  let connection = Promise.withResolvers<TLSSocket>();
  let current: TLSSocket | null = null;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const path = request.url ?? '';
    if (path === '/checkin') return void response.end(checkinResponse());
    if (path === '/register') return void response.end(`token=${register(new URLSearchParams(body.toString()))}`);
    received.push({ path, headers: request.headers, body });
    const registration = registrations.find(({ token }) => path.endsWith(`/${token}`));
    if (registration === undefined) return void response.writeHead(410).end();
    (await connection.promise).write(frame(DATA_MESSAGE, dataMessage(registration, body, received.length)));
    response.writeHead(201, { location: `/messages/${received.length}` }).end();
  }

  function register(form: URLSearchParams): string {
    const token = `token-${registrations.length + 1}`;
    const [app, subtype, sender] = ['app', 'X-subtype', 'sender'].map((name) => form.get(name) ?? '');
    registrations.push({ token, app: app ?? '', subtype: subtype ?? '', sender: sender ?? '' });
    return token;
  }

  function converse(socket: TLSSocket): void {
    const reply = ({ tag }: Frame) => {
      if (tag === HEARTBEAT_PING) socket.write(frame(HEARTBEAT_ACK, Buffer.alloc(0)));
      if (tag !== LOGIN_REQUEST) return;
      socket.write(Buffer.concat([Buffer.of(MCS_VERSION), frame(LOGIN_RESPONSE, textField(1, 'login'))]));
      current = socket;
      connection.resolve(socket);
    };
    socket.on('data', readFrames(reply));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      if (current === socket) connection = Promise.withResolvers();
    });
  }

  const http = await listening(
    t,
    createServer((request, response) => void answer(request, response)),
  );
  const mcs = await listening(t, createTlsServer(testCertificate, converse));
  return {
    url: `http://127.0.0.1:${http}`,
    received,
    args: [
      `--gcm-checkin-url=http://127.0.0.1:${http}/checkin`,
      `--gcm-registration-url=http://127.0.0.1:${http}/register`,
      `--gcm-mcs-endpoint=https://127.0.0.1:${mcs}`,
    ],
  };
}

async function listening(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** AndroidCheckinResponse: stats_ok, android_id, security_token. */
function checkinResponse(): Buffer {
  return Buffer.concat([varintField(1, 1), fixed64Field(7, 1_234_567n), fixed64Field(8, 7_654_321n)]);
}

/** DataMessageStanza: id, from, category, app_data, persistent_id, raw_data. */
function dataMessage({ app, subtype, sender }: Registration, body: Buffer, number: number): Buffer {
  const appData = (key: string, value: string) =>
    bytesField(7, Buffer.concat([textField(1, key), textField(2, value)]));
  return Buffer.concat([
    textField(2, `m${number}`),
    textField(3, sender),
    textField(5, app),
    appData('subtype', subtype),
    appData('content-encoding', 'aes128gcm'),
    textField(9, `0:${number}`),
    bytesField(21, body),
  ]);
}
