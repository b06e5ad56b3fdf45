import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { checkRelay } from './relay.ts';

test('a relay that repeats our password is quoted without it', async (t) => {
  const server = createServer((socket) => {
    socket.write('220 relay.test\r\n');
    createInterface(socket).on('line', (line) => {
      const login = /^AUTH PLAIN (.+)$/.exec(line)?.[1];
      if (login === undefined) return socket.write('250-relay.test\r\n250 AUTH PLAIN\r\n');
      const [, user, password] = Buffer.from(login, 'base64').toString().split('\0');
      return socket.write(`535 5.7.8 ${user} is not let in with ${password} (${login})\r\n`);
    });
    socket.on('error', () => undefined); // we hang up first
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => new Promise((closed) => server.close(closed)));
  const { port } = server.address() as AddressInfo;
  const url = `smtp://ada:the-password@127.0.0.1:${port}`;
  assert.deepEqual(await checkRelay({ name: 'main', url }), {
    asked: `a login at smtp://127.0.0.1:${port} as ada`,
    state: 'refused',
    said: '535 5.7.8 ada is not let in with (masked) ((masked))',
  });
});
