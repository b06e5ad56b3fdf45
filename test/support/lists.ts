// Sends lists of people line by line.
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { TestApp } from './app.ts';

export const ndjson = (...lines: readonly (object | string)[]): string =>
  lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
export const person = (name: string, properties?: object) => ({
  external_user_id: name,
  ...(properties && { trigger_properties: properties }),
});

export interface Sent {
  status: number;
  headers: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of an answer, member by member
  body: any;
}

/** Sends pieces of a body, each in a write of its own. `breaksOff`: the connection ends then, before the body does. */
export async function sendList(
  { url, key }: Pick<TestApp, 'url' | 'key'>,
  pieces: Iterable<string | Buffer>,
  { headers = {}, breaksOff }: { headers?: Record<string, string>; breaksOff?: () => Promise<void> } = {},
): Promise<Sent> {
  const type = { 'content-type': 'application/x-ndjson', authorization: `Bearer ${key}` };
  const sending = httpRequest(`${url}/dispatches`, { method: 'POST', headers: { ...type, ...headers } });
  const answered = once(sending, 'response');
  answered.catch(() => undefined); // a connection that the test ends has no answer
  for (const piece of pieces) if (!sending.write(piece)) await once(sending, 'drain');
  if (breaksOff) {
    await breaksOff();
    sending.destroy();
    return { status: 0, headers: {}, body: null };
  }
  sending.end();
  const [response] = await answered;
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part;
  return { status: response.statusCode, headers: response.headers, body: JSON.parse(text) };
}
