import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A call of a webhook of events. */
export interface ReceivedEvent {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface EventSink {
  url: string;
  /** `host:port`, for the list of inner hosts that may be called. */
  host: string;
  received: ReceivedEvent[];
  /** What calls are answered with. */
  answer: (call: ReceivedEvent) => { status: number; headers?: Record<string, string> };
}

/** A server that keeps every call as it came. */
export async function startEventSink(t: TestContext): Promise<EventSink> {
  const sink: EventSink = { url: '', host: '', received: [], answer: () => ({ status: 204 }) };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.once('end', () => {
      const call = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(parts).toString('utf8') };
      sink.received.push(call);
      const { status, headers } = sink.answer(call);
      response.writeHead(status, headers).end();
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => new Promise((closed) => server.close(closed)));
  const { port } = server.address() as AddressInfo;
  sink.host = `127.0.0.1:${port}`;
  sink.url = `http://${sink.host}/events`;
  return sink;
}
