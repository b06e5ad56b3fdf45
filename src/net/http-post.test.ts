import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { Pool } from 'undici';
import { NotBegunError, post } from './http-post.ts';

test('a request that waits for a connection is given back when it may not begin any more; one under way ends', async (t) => {
  const paths: (string | undefined)[] = [];
  const asked = Promise.withResolvers<() => void>();
  const server = createServer((request, response) => {
    paths.push(request.url);
    request.resume();
    asked.resolve(() => response.end('ok'));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    connections: 1,
    pipelining: 1,
  });
  t.after(async () => {
    await pool.close();
    server.close();
  });
  const stop = new AbortController();
  const send = (path: string) =>
    post(pool, { path, headers: {}, body: 'x', maxReplyBytes: 10, mayBegin: stop.signal }).then(
      ({ status }) => status,
      (error: unknown) => (error instanceof NotBegunError ? 'not begun' : error),
    );
  const [first, second] = [send('/1'), send('/2')];
  const answer = await asked.promise;
  stop.abort();
  const third = send('/3');
  answer();
  assert.deepEqual(await Promise.all([first, second, third]), [200, 'not begun', 'not begun']);
  assert.deepEqual(paths, ['/1']);
});
