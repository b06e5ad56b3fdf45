// Callbacks come from anybody, so the bytes of their bodies that are in hand are bounded together.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'node:test';
import pino from 'pino';
import type { Page } from '../src/http/page.ts';
import { buildServer } from '../src/http/server.ts';
import { BytesInHand } from '../src/lib/limits/bytes-in-hand.ts';

const nobody = {
  workspace: () => undefined,
  workspaceOfApp: () => undefined,
  workspaceOfGroup: () => undefined,
  apiKey: () => undefined,
  takesKeysInBodies: () => false,
  returnPaths: () => new Set<string>(),
};

test('a body for which there is no room is refused before it is read, and there is room again once another is answered', async (t) => {
  const page: Page = {
    ...{ method: 'POST', path: '/callbacks/acme', bodyLimitBytes: 1_000, bodies: new BytesInHand(1_500) },
    handle: async ({ rawBody }) => ({ status: 200, type: 'text/plain; charset=utf-8', body: String(rawBody.length) }),
  };
  const server = buildServer({
    ...{ routes: [], pages: [page], catalog: () => nobody, log: pino({ level: 'silent' }), bodyLimitBytes: 10 },
    trustedProxyHops: 0,
    limiter: {
      windowOf: () => assert.fail('pages have no rate'),
      isUsedUp: () => false,
      noteUsedUp: () => undefined,
      charge: () => assert.fail('pages have no rate'),
    } as unknown as Parameters<typeof buildServer>[0]['limiter'],
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const post = (bytes: number) => fetch(`${url}/callbacks/acme`, { method: 'POST', body: 'x'.repeat(bytes) });
  // It says how long its body is, and sends half of it.
  const slow = connect(Number(new URL(url).port), '127.0.0.1');
  slow.write(`POST /callbacks/acme HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n${'x'.repeat(500)}`);
  await once(server.server, 'request');
  const refused = await post(600);
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '5']);
  assert.equal(await (await post(400)).text(), '400');
  slow.write('x'.repeat(500));
  assert.match(String((await once(slow, 'data'))[0]), /^HTTP\/1.1 200 OK/);
  slow.destroy();
  assert.equal(await (await post(1_000)).text(), '1000');
  assert.equal((await post(1_001)).status, 413);
});
