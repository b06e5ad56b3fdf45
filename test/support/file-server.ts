import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';

export interface FileServer {
  /** Host and port, as in `email.attachments.allow`. */
  host: string;
  origin: string;
  /** Path of each request, in order. */
  asked: string[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

/** An HTTP server on loopback that mails fetch their files from. */
export async function startFileServer(t: TestContext, answer: FileServer['answer']): Promise<FileServer> {
  const state: FileServer = { host: '', origin: '', asked: [], answer };
  const server = createServer((request, response) => {
    state.asked.push(request.url ?? '');
    state.answer(request, response);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the file server has no port');
  state.host = `127.0.0.1:${address.port}`;
  state.origin = `http://${state.host}`;
  return state;
}
