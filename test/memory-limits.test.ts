// What a caller can ask for has bounds: a server with little memory stays up, others are answered, and each answer says
// what happened. One server of its own gets all of it, in a process whose heap is 256 MB.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import { dataFolder, type ServerProcess, startServer } from '../rig/process.ts';
import { pause } from '../rig/waiting.ts';

const KEY = 'a-key-for-the-test-of-memory';
/** Most memory of the process, whatever it is asked for. Its database has processes of its own. */
const MOST_BYTES = 1_073_741_824;

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of an answer, member by member
  body: any;
}

type Call = (path: string, body?: unknown, options?: { key?: string | null }) => Promise<Answer>;

const callerOf =
  ({ url }: ServerProcess): Call =>
  async (path, body, { key = KEY } = {}) => {
    const response = await fetch(url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: key === null ? {} : { authorization: `Bearer ${key}` },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };

/** Asks for /health and sends to somebody, again and again, until the returned function is called. */
function bystander(call: Call): () => Promise<number> {
  let isOver = false;
  let count = 0;
  const asking = (async () => {
    while (!isOver) {
      assert.equal((await call('/health')).status, 200);
      assert.equal((await call('/messages/send', sendOf('hello'))).status, 201);
      count += 1;
      await pause(5); // so that what is measured is the server, and not this loop
    }
    return count;
  })();
  asking.catch(() => undefined); // thrown where it is awaited
  return () => {
    isOver = true;
    return asking;
  };
}

const webhookOf = (body: string) => ({ webhook: { url: 'https://example.test/', request_method: 'POST', body } });
const sendOf = (body: string, to: object = { external_user_ids: ['ada'] }) => ({ ...to, messages: webhookOf(body) });
const everybody = {
  broadcast: true,
  audience: { AND: [{ custom_attribute: { custom_attribute_name: 'x', comparison: 'does_not_exist' } }] },
};

/** Sends, and waits until the dispatch has ended. Returns its recipients. */
async function sendAndSee(call: Call, request: object): Promise<Answer['body'][]> {
  const { status, body } = await call('/messages/send', request);
  assert.equal(status, 201, JSON.stringify(body));
  for (;;) {
    const dispatch = await call(`/dispatches/${body.dispatch_id}`);
    if (dispatch.body.state === 'finished') break;
    await pause(20);
  }
  return (await call(`/dispatches/${body.dispatch_id}/recipients?limit=100`)).body.recipients;
}

/** A text of 2^24 letters of two bytes, twelve times, and a comparison of all of them. */
const bomb = [
  '{% capture a %}ā{% endcapture %}',
  ...Array.from({ length: 24 }, () => '{% capture a %}{{ a }}{{ a }}{% endcapture %}'),
  ...Array.from({ length: 12 }, (_, n) => `{% capture b${n} %}{{ a }}{% endcapture %}`),
  '{% if b1 contains b2 %}yes{% endif %}',
].join('');
/** Counts as long as a message may. */
const dear = `{% for a in (1..9999) %}{% assign x = "y"${' | sha2'.repeat(60)} %}{% endfor %}`;

/** A connection whose request has begun and does not go on. */
async function openSlow(t: TestContext, { url }: ServerProcess): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined); // the server may end it
  await once(socket, 'connect');
  const head = `POST /messages/send HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-length: 4000000`;
  socket.write(`${head}\r\n\r\n{"messages":"${'x'.repeat(16_384)}`);
  return socket;
}

test('a server stays below 1 GB and answers everybody, whatever one caller asks for', async (t) => {
  const server = await startServer({
    CRESSET_DATA_DIR: dataFolder(t),
    PORT: '0',
    CRESSET_API_KEY: KEY,
    CRESSET_LOG_LEVEL: 'warn',
    CRESSET_BROADCAST_THREADS: '1',
    NODE_OPTIONS: '--max-old-space-size=256',
  });
  const call = callerOf(server);
  const names = Array.from({ length: 20 }, (_, n) => `p${n}`);
  const people = [...names, 'ada'].map((external_id) => ({ external_id }));
  assert.equal((await call('/users/track', { attributes: people })).status, 201);
  const leave = bystander(call);

  await t.test('a template that doubles a text stops at its limit, for named people and in a broadcast', async () => {
    const named = await sendAndSee(call, sendOf(bomb));
    const broadcast = await sendAndSee(call, sendOf(bomb, everybody));
    assert.deepEqual([named.length, broadcast.length], [1, 21]);
    for (const { status, reason, detail } of [...named, ...broadcast]) {
      assert.deepEqual([status, reason], ['aborted', 'render_error']);
      assert.match(detail, /more than 1000000 characters|of processor time/);
    }
  });

  await t.test('messages that take all the time that they have are given up one by one', async () => {
    const recipients = await sendAndSee(call, sendOf(dear, { external_user_ids: names }));
    assert.equal(recipients.length, 20);
    for (const { reason, detail } of recipients) {
      assert.equal(reason, 'render_error');
      assert.match(detail, /more than 100 ms of processor time|taken 2 s of processor time together/);
    }
  });

  await t.test('a body of 300,000 mistakes is answered with a few of them', async () => {
    const buttons = `"web_push":{"alert":"a","title":"t","buttons":[${'{},'.repeat(300_000)}{}]}`;
    const headers = `"email":{"headers":{${Array.from({ length: 80_000 }, (_, n) => `"k${n}":{}`).join()}}}`;
    const before = processorSeconds(server);
    const answers = await Promise.all(
      [buttons, headers].map((message) =>
        call('/messages/send', `{"external_user_ids":["ada"],"messages":{${message}}}`),
      ),
    );
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body.errors.length, body.errors.at(-1)]),
      [
        [400, 1, 'messages.web_push.buttons: expected at most 1000 elements, got 300001'],
        [400, 101, 'and 79903 more'],
      ],
    );
    const taken = processorSeconds(server) - before;
    assert.ok(taken < 10, `two bodies have taken ${taken} s of processor time`); // it was 30 s when reading was quadratic
  });

  await t.test('bodies for nowhere are not read, and slow connections hold little', async () => {
    await Promise.all(Array.from({ length: 300 }, () => openSlow(t, server)));
    const body = 'x'.repeat(4 * 1_048_576);
    const nowhere = Array.from({ length: 60 }, () =>
      call('/nowhere', body, { key: null }).then(
        ({ status }) => status,
        () => 'the connection was closed before the body was sent',
      ),
    );
    for (const status of await Promise.all(nowhere)) assert.notEqual(status, 200);
    assert.equal((await call('/nowhere', '{}', { key: null })).status, 401);
    assert.equal((await call('/nowhere', '{}')).status, 404);
  });

  await t.test('large sends are accepted, held a few at a time, and all sent', async () => {
    const large = 'x'.repeat(3_900_000);
    for (let n = 0; n < 40; n += 1)
      assert.equal(
        (await call('/messages/send', sendOf(`${n} ${large}`, { external_user_ids: ['nobody'] }))).status,
        201,
      );
    const [last] = await sendAndSee(call, sendOf(`last ${large}`, { external_user_ids: ['nobody'] }));
    assert.equal(last.reason, 'unknown_user');
  });

  assert.ok((await leave()) > 20, 'somebody else is answered all the time');
  t.diagnostic(`the process has taken ${Math.round(peakBytes(server) / 1_048_576)} MiB`);
  assert.ok(peakBytes(server) < MOST_BYTES, `the process has taken ${peakBytes(server)} bytes`);
  assert.equal(await server.end('SIGTERM'), 0, server.log());
});

/** The most memory that the process has had so far, as Linux counts it (proc_pid_status(5), VmHWM). */
function peakBytes({ child }: ServerProcess): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
  assert.ok(kilobytes, 'the system does not say how much memory the process has had');
  return Number(kilobytes) * 1_024;
}

/** The processor time that the process has taken so far, in seconds (proc_pid_stat(5), utime and stime, of 10 ms each). */
function processorSeconds({ child }: ServerProcess): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  const [utime, stime] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return ((utime ?? Number.NaN) + (stime ?? Number.NaN)) / 100;
}
