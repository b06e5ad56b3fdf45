// Servers and templates that want too much: each costs its own message, within its limits, and others go on.
import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { startTestApp } from './support/app.ts';
import { type Answer, allowed, contentServer, json, sendBodies, text } from './support/content-server.ts';

const drip: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.write('a');
  const timer = setInterval(() => response.write('a'), 50);
  response.once('close', () => clearInterval(timer));
};

test('slow, endless, huge and hostile answers and too many calls end in their own message, and others go on', async (t) => {
  const server = await contentServer(t, {
    '/ok': json({ name: 'Ok' }),
    '/drip': drip,
    '/silent': () => undefined,
    '/round': (response) => void response.writeHead(307, { location: '/round' }).end(),
    '/huge': text('x'.repeat(1_000_001)),
    '/bomb': text(gzipSync(Buffer.alloc(30_000_000, 97)), { 'content-encoding': 'gzip' }),
    '/deep': text(`${'['.repeat(50_000)}${']'.repeat(50_000)}`, { 'content-type': 'application/json' }),
    '/wide': text(`[${'[],'.repeat(300_000)}[]]`, { 'content-type': 'application/json' }),
    '/proto': text('{"__proto__":{"name":"p"},"constructor":1,"name":"own"}', { 'content-type': 'application/json' }),
    '/header': (response) => void response.writeHead(200, { 'x-long': 'h'.repeat(70_000) }).end('late'),
    '/nothing-said': (response) => void response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'),
  });
  const app = await startTestApp(t);
  await app.givenWorkspace(allowed(server));
  await app.post('/users/track', { attributes: [{ external_id: 'ada', first_name: 'Ada' }] });
  const at = (path: string, options = '') => `{% connected_content ${server.origin}${path} ${options} %}`;
  const many = '{% for i in (1..11) %}{% connected_content ';
  const table: [template: string, output: string | RegExp][] = [
    [`${at('/drip', ':save a')}[{{a}}]`, '[]'],
    [`${at('/silent', ':save a')}[{{a}}]`, '[]'],
    [`${at('/round', ':save a')}[{{a}}]`, '[]'],
    [`[${at('/huge')}]`, '[]'],
    [`[${at('/bomb')}]`, '[]'],
    [`[${at('/header')}]`, '[]'],
    [`[${at('/nothing-said')}]`, '[]'],
    [
      at('/deep'),
      'aborted render_error: messages.webhook.body: an answer is nested more than 100 deep, line 1, column 1',
    ],
    [
      `${at('/wide')}${'{{connected | size}}'.repeat(2)}${'{% assign x = connected | sort %}'.repeat(200)}`,
      /^aborted render_error: messages.webhook.body: more than /,
    ],
    [`${at('/proto')}{{connected.name}} {{connected.constructor}}`, 'own 1'],
    [
      `${many}${server.origin}/ok?{{i}} %}{% endfor %}`,
      'aborted render_error: messages.webhook.body: more than 10 calls of connected_content, line 1, column 23',
    ],
    [`{% for i in (1..3) %}${at('/ok', ':method post :body a={{i}}')}{% endfor %}{{connected.name}}`, 'Ok'],
    [
      `{% for i in (1..9000) %}${at('/ok')}{% endfor %}{{connected.name}}`,
      /^(Ok|aborted render_error: messages.webhook.body: more than .*)$/,
    ],
    ['Hi {{${first_name}}}', 'Hi Ada'],
  ];
  const startedMs = performance.now();
  const sent = await sendBodies(
    app,
    ['ada'],
    table.map(([template]) => template),
  );
  for (const [index, [template, output]] of table.entries()) {
    const got = sent[index]?.ada ?? '';
    if (typeof output === 'string') assert.equal(got, output, template);
    else assert.match(got, output, template);
  }
  assert.ok(performance.now() - startedMs < 60_000);
  assert.equal(server.count('/round'), 1, 'no redirect is followed');
  const posts = server.asked.filter(({ method }) => method === 'POST').map(({ body }) => body);
  assert.deepEqual(posts, ['a=1', 'a=2', 'a=3'], 'a message that is rendered again does not repeat its calls');
});
