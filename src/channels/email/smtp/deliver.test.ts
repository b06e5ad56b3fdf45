import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import test, { describe, type TestContext } from 'node:test';
import { createSmtpSender, type Mail } from './deliver.ts';
import { probe } from './probe.ts';
import { createUtf8Probe } from './smtp-utf8.ts';
import { timeouts } from './timeouts.ts';

/** Each line of an answer comes long before a limit of one step, and the last one never. */
const TRICKLE_MS = 20;
/** Long enough that a busy machine gets to the step. All tests wait at the same time. */
const LONGEST_MS = 1_500;

const steps = ['EHLO', 'MAIL', 'RCPT', 'DATA', 'text'] as const;
type Step = (typeof steps)[number];

/** A relay that never ends its answer to one step of its first session. Later sessions go well. */
async function startTrickler(t: TestContext, at: Step) {
  let sessions = 0;
  const firstClosed = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sessions += 1;
    sockets.add(socket);
    const trickles = sessions === 1 ? at : null;
    // Not 'end', which does not come if the sender still had a line to read: then it resets the connection.
    if (trickles !== null) socket.once('close', () => firstClosed.resolve());
    serve(socket, trickles);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay has no port');
  return {
    url: `smtp://127.0.0.1:${address.port}`,
    async firstClosed(): Promise<void> {
      assert.ok(sessions > 0, 'the limit came before the first session: the machine is too busy for this test');
      await firstClosed.promise;
    },
  };
}

function serve(socket: Socket, trickles: Step | null): void {
  let inText = false;
  let received = '';
  const answer = (step: string, code: number) => {
    if (step !== trickles) return void socket.write(`${code} ok\r\n`);
    const timer = setInterval(() => socket.write(`${code}-and so on\r\n`), TRICKLE_MS);
    socket.once('close', () => clearInterval(timer));
  };
  socket.on('error', () => socket.destroy());
  socket.write('220 relay\r\n');
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    received += chunk;
    for (let end = received.indexOf('\r\n'); end >= 0; end = received.indexOf('\r\n')) {
      const line = received.slice(0, end);
      received = received.slice(end + 2);
      if (inText && line !== '.') continue;
      const step = inText ? 'text' : line.slice(0, 4);
      answer(step, step === 'DATA' ? 354 : 250);
      inText = step === 'DATA';
    }
  });
}

const mail: Mail = {
  rendered: {
    from: 'Acme <a@acme.test>',
    reply_to: null,
    subject: 'Hi',
    html: '<p>Hi</p>',
    plaintext: 'Hi',
    headers: {},
    extras: {},
    unsubscribe_url: null,
  },
  to: 'ada@example.test',
  messageId: 'm',
  reference: null,
};

describe('answers that never end', { concurrency: true }, () => {
  for (const step of steps)
    test(`a relay that never ends its answer to ${step} loses the mail and its connection in time`, async (t) => {
      const relay = await startTrickler(t, step);
      const sender = createSmtpSender({ url: relay.url, maxConnections: 1, longestMs: LONGEST_MS });
      t.after(() => sender.close());
      const { outcome, blame, mayBeStale } = await sender.deliver(mail);
      const mayHaveIt = step === 'text';
      assert.equal(outcome.kind, 'retry');
      assert.deepEqual(
        ['reason' in outcome && outcome.reason, 'isUnclear' in outcome, blame, mayBeStale],
        mayHaveIt ? ['no answer after the mail', true, 'unclear', false] : ['ETIMEDOUT', false, 'relay', false],
      );
      assert.match(String('detail' in outcome && outcome.detail), /longer than 1\.5 s/);
      await relay.firstClosed();
      const next = await sender.deliver(mail);
      assert.equal(next.outcome.kind, 'accepted', 'the only connection is free again');
    });

  test('a login and a question for SMTPUTF8 end in time, too', async (t) => {
    const relays = await Promise.all([startTrickler(t, 'EHLO'), startTrickler(t, 'EHLO')]);
    const [one, other] = relays.map(({ url }) => url) as [string, string];
    const failure = await probe({ name: 'main', url: one }, new AbortController().signal, LONGEST_MS);
    assert.equal(failure?.cause, 'unreachable');
    await assert.rejects(createUtf8Probe({ url: other, ...timeouts, longestMs: LONGEST_MS })(), { code: 'ETIMEDOUT' });
    await Promise.all(relays.map(({ firstClosed }) => firstClosed()));
  });
});
