import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

type Bytes = Uint8Array<ArrayBuffer>;

/** A browser's side of a subscription. Only it can read what is sent to it. */
export interface Browser {
  p256dh: Buffer;
  auth: Buffer;
  /** Decrypts a message. Throws if it was not encrypted for this browser as RFC 8291 says. */
  decrypt(message: Buffer): Promise<Buffer>;
  /** The JSON that a page passes to its server. */
  subscription(endpoint: string): { endpoint: string; keys: { p256dh: string; auth: string } };
}

const { subtle } = globalThis.crypto;
const curve = { name: 'ECDH', namedCurve: 'P-256' };

/** A browser, written from the RFCs with only WebCrypto, which browsers have. */
export async function newBrowser(): Promise<Browser> {
  const pair = await subtle.generateKey(curve, false, ['deriveBits']);
  const p256dh = Buffer.from(await subtle.exportKey('raw', pair.publicKey));
  const auth = Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(16)));
  return {
    p256dh,
    auth,
    subscription: (endpoint) => ({
      endpoint,
      keys: { p256dh: p256dh.toString('base64url'), auth: auth.toString('base64url') },
    }),
    async decrypt(given) {
      const message = new Uint8Array(given);
      const view = new DataView(message.buffer);
      if (view.getUint32(16) < 18 || message[20] !== 65) throw new Error('no header of aes128gcm with a P-256 key');
      const [salt, keyId, record] = [message.slice(0, 16), message.slice(21, 86), message.slice(86)];
      const sender = await subtle.importKey('raw', keyId, curve, false, []);
      const shared = await subtle.deriveBits({ name: 'ECDH', public: sender }, pair.privateKey, 256);
      const info = joined(new TextEncoder().encode('WebPush: info\0'), new Uint8Array(p256dh), keyId);
      const inputKey = await hkdf(new Uint8Array(shared), new Uint8Array(auth), info, 32);
      const key = await hkdf(inputKey, salt, new TextEncoder().encode('Content-Encoding: aes128gcm\0'), 16);
      const iv = await hkdf(inputKey, salt, new TextEncoder().encode('Content-Encoding: nonce\0'), 12);
      const cipher = await subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
      const padded = Buffer.from(await subtle.decrypt({ name: 'AES-GCM', iv }, cipher, record));
      if (padded.at(-1) !== 2) throw new Error('the record does not say that it is the last');
      return padded.subarray(0, -1);
    },
  };
}

async function hkdf(key: Bytes, salt: Bytes, info: Bytes, length: number): Promise<Bytes> {
  const base = await subtle.importKey('raw', key, 'HKDF', false, ['deriveBits']);
  return new Uint8Array(await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, base, 8 * length));
}

function joined(...parts: Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export interface TestService {
  url: string;
  port: number;
  received: Received[];
  /** The replies, in order. The last one repeats. A function can decide from the request. */
  replies: (Reply | ((request: Received) => Reply | 'reset'))[];
  /** Most connections open at once so far. */
  mostConnections(): number;
}

/** An HTTP service on loopback that keeps every request and gives the replies that the test has set. */
export async function startTestService(t: TestContext, tls?: { key: string; cert: string }): Promise<TestService> {
  const service: TestService = {
    url: '',
    port: 0,
    received: [],
    replies: [{ status: 201 }],
    mostConnections: () => most,
  };
  let open = 0;
  let most = 0;
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const received = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) };
    service.received.push(received);
    const [next = { status: 201 }] = service.replies;
    if (service.replies.length > 1) service.replies.shift();
    const reply = typeof next === 'function' ? next(received) : next;
    if (reply === 'reset') request.socket.destroy();
    else response.writeHead(reply.status, reply.headers).end(reply.body ?? '');
  };
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  server.on('connection', (socket) => {
    open += 1;
    most = Math.max(most, open);
    socket.on('close', () => {
      open -= 1;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  service.port = (server.address() as AddressInfo).port;
  service.url = `${tls ? 'https' : 'http'}://127.0.0.1:${service.port}`;
  return service;
}
