import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** Answers with files by path. Returns its host and port. */
export async function startFileServer(t: TestContext, files: Readonly<Record<string, Buffer>>): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const file = files[url];
    if (file === undefined) response.writeHead(404).end();
    else response.end(file);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => new Promise((closed) => server.close(closed)));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
