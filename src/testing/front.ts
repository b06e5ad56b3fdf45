import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerWith, type Faults } from './faults.ts';

/** Answers a request. */
export type Answering = (request: IncomingMessage, response: ServerResponse) => void;

/** What clients of one double connect to. The server behind it can be exchanged. */
export interface Front {
  url: string;
  /** Requests go to this server from now on. Until then they wait. */
  use(server: Answering): void;
  /** Requests wait until `use`. */
  hold(): void;
  close(): Promise<void>;
}

/** Listens on a free port of this machine. */
export async function openFront(faults: Faults): Promise<Front> {
  let behind = Promise.withResolvers<Answering>();
  const server = createServer((request, response) => {
    const fault = faults.take(request.method ?? 'GET', request.url ?? '/');
    if (fault !== null) return answerWith(fault, request, response);
    behind.promise.then((answer) => answer(request, response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let isHeld = true;
  return {
    url: `http://127.0.0.1:${port}`,
    use(next) {
      if (!isHeld) behind = Promise.withResolvers();
      isHeld = false;
      behind.resolve(next);
    },
    hold() {
      if (!isHeld) behind = Promise.withResolvers();
      isHeld = true;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
