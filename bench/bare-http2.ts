import { once } from 'node:events';
import { type ClientHttp2Session, connect, type SecureClientSessionOptions } from 'node:http2';

/** Opens a plain session of `node:http2`. Resolves once the peer has said how many streams it allows. */
export async function openSession(url: string, options: SecureClientSessionOptions = {}): Promise<ClientHttp2Session> {
  const session = connect(url, { maxSessionMemory: 256, ...options });
  await once(session, 'remoteSettings');
  return session;
}

/** Sends one POST. Rejects unless the answer is a 200 with a good body. */
export function post(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  body: string,
  isGood: (body: string) => boolean = () => true,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: false });
    let status = 0;
    let text = '';
    stream.setEncoding('utf8');
    stream.on('response', (given) => {
      status = Number(given[':status']);
    });
    stream.on('data', (chunk: string) => {
      text += chunk;
    });
    stream.on('end', () => (status === 200 && isGood(text) ? resolve() : reject(new Error(`${status} ${text}`))));
    stream.on('error', reject);
    stream.end(body);
  });
}
