// What a relay gets of a text, whatever it holds: the protocol's dots and ends of lines must be right for every mail.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import test from 'node:test';
import fc from 'fast-check';
import nodemailer from 'nodemailer';
import { ReadyText } from './ready-text.ts';

/** Sends each text by SMTP, as it is or as a ReadyText, and returns the bytes after DATA. */
async function startRelay(t: test.TestContext) {
  const sent: string[] = [];
  const server = createServer((socket) => {
    let [received, inText] = ['', false];
    socket.on('error', () => socket.destroy());
    socket.write('220 relay\r\n');
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk;
      for (;;) {
        const mark = inText ? '\r\n.\r\n' : '\r\n';
        const end = received.indexOf(mark);
        if (end === -1) return;
        const line = received.slice(0, end);
        received = received.slice(end + mark.length);
        if (inText) sent.push(line);
        inText = !inText && line === 'DATA';
        socket.write(inText ? '354 go\r\n' : '250 ok\r\n');
      }
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the relay has no port');
  const transport = nodemailer.createTransport({
    host: '127.0.0.1',
    port: address.port,
    pool: true,
    maxConnections: 1,
  });
  let ready: string | null = null;
  transport.use('stream', ({ message }, done) => {
    const text = ready === null ? null : new ReadyText(ready);
    if (text !== null) message.createReadStream = () => text;
    done();
  });
  t.after(() => {
    transport.close();
    server.close();
  });
  const envelope = { from: 'a@acme.test', to: 'b@acme.test' };
  return async (raw: string, isReady: boolean) => {
    ready = isReady ? raw : null;
    await transport.sendMail({ envelope, raw });
    return sent.pop();
  };
}

const texts = [
  ['.\r\n', '..'],
  ['a: b\r\n\r\n.\r\n..\r\n.c\r\n', 'a: b\r\n\r\n..\r\n...\r\n..c'],
  ['a: b\r\n\r\nc.\r\n', 'a: b\r\n\r\nc.'],
  ['a: b\r\n\r\nc\r\n\r\n', 'a: b\r\n\r\nc\r\n'],
  // No other line break may hide the end of a mail, with commands after it.
  ['a: b\r\n\r\nc\n.\nQUIT\r\n', 'a: b\r\n\r\nc\r\n..\r\nQUIT'],
  ['a: b\r\n\r\nc\r.\rQUIT\r\n', 'a: b\r\n\r\nc\r\n..\r\nQUIT'],
  ['a: b\r\n\r\nc\r\n.\nQUIT\r\n', 'a: b\r\n\r\nc\r\n..\r\nQUIT'],
] as const;

test('the relay gets the text with doubled dots, and no line break but CRLF', async (t) => {
  const send = await startRelay(t);
  for (const [text, wire] of texts) assert.equal(await send(text, true), wire, JSON.stringify(text));
});

test('a text that is ready goes over the wire as nodemailer sends it', async (t) => {
  const send = await startRelay(t);
  const lines = fc.array(fc.constantFrom('.', '..', 'a', 'a.', 'ü', '\r\n', '\r', '\n', '\r\n.'), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(lines, async (parts) => {
      const text = `a: b\r\n\r\n${parts.join('')}\r\n`;
      assert.equal(await send(text, true), await send(text, false));
    }),
    { numRuns: 200 },
  );
});
