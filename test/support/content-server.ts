// A server that templates call: it answers by path and counts what it was asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import type { TestApp } from './app.ts';

export interface Asked {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export type Answer = (response: ServerResponse, asked: Asked) => void;

export interface ContentServer {
  /** `http://127.0.0.1:<port>` */
  origin: string;
  asked: Asked[];
  /** Number of requests for a path, whatever its query. */
  count(path: string): number;
}

/** Paths that are not in `answers` get 404. */
export async function contentServer(t: TestContext, answers: Readonly<Record<string, Answer>>): Promise<ContentServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const one = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    asked.push(one);
    const answer = answers[pathOf(one)];
    if (answer === undefined) response.writeHead(404, { 'content-type': 'text/plain' }).end('nothing here');
    else answer(response, one);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const count = (path: string) => asked.filter((one) => pathOf(one) === path).length;
  return { origin: `http://127.0.0.1:${address.port}`, asked, count };
}

function pathOf({ url }: Pick<Asked, 'url'>): string {
  return url.split('?')[0] ?? '';
}

export function json(value: unknown, status = 200): Answer {
  return (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

export function text(body: string | Buffer, headers: Record<string, string> = {}): Answer {
  return (response) => void response.writeHead(200, { 'content-type': 'text/plain', ...headers }).end(body);
}

/** Lets templates call the server, with a credential. */
export function allowed({ origin }: ContentServer): string {
  return `connected_content:
  allow: [${JSON.stringify(new URL(origin).host)}]
  credentials: [{ name: shop, username: ada, password: s3cret-word }]
`;
}

const WEBHOOK = { url: 'https://example.test/', request_method: 'POST' };

/** The bodies that people got, or why they got none, by external id. */
export async function sendBody(app: TestApp, people: string[], body: string): Promise<Record<string, string>> {
  const [sent = {}] = await sendBodies(app, people, [body]);
  return sent;
}

/** The same for several messages, in the order given. */
export async function sendBodies(
  app: TestApp,
  people: string[],
  bodies: readonly string[],
): Promise<Record<string, string>[]> {
  const answers = [];
  for (const body of bodies) {
    const messages = { webhook: { ...WEBHOOK, body } };
    answers.push(await app.post('/messages/send', { external_user_ids: people, messages }));
  }
  await settle(app, answers);
  const got = [];
  for (const { status, body } of answers)
    got.push(
      status === 201
        ? await bodiesOf(app, body.dispatch_id)
        : Object.fromEntries(people.map((name) => [name, `${status} ${body.errors[0]}`])),
    );
  return got;
}

/** Drains until nothing is pending. What a slow machine had no time for is looked at again a second later. */
async function settle(app: TestApp, answers: readonly { body: { dispatch_id?: string } }[]): Promise<void> {
  const ids = answers.flatMap(({ body }) => body.dispatch_id ?? []);
  for (let seconds = 0; seconds < 60; seconds += 1) {
    await app.drain();
    const states = await Promise.all(ids.map(async (id) => (await app.get(`/dispatches/${id}`)).body.state));
    if (states.every((state) => state === 'finished')) return;
    app.clock.advance(1_000);
  }
}

export async function bodiesOf(app: TestApp, dispatchId: string): Promise<Record<string, string>> {
  const { body: verdicts } = await app.get(`/dispatches/${dispatchId}/recipients?limit=500`);
  const { body: sandbox } = await app.get(`/sandbox/messages?dispatch_id=${dispatchId}&limit=500`);
  const got = new Map(
    sandbox.messages.map((one: { external_id: string; message: { body: string } }) => [
      one.external_id,
      one.message.body,
    ]),
  );
  return Object.fromEntries(
    verdicts.recipients.map((one: { external_id: string; status: string; reason: string; detail: string }) => [
      one.external_id,
      got.get(one.external_id) ?? `${one.status} ${one.reason}: ${one.detail}`,
    ]),
  );
}
