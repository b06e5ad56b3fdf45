import { createServer, type Server, type Socket } from 'node:net';
import { createWatchers } from './watchers.ts';

/** A minimal mail server: accepts every mail and counts it by recipient. It is cheap, so that a bench measures Cresset. */
export interface SmtpSink {
  url: string;
  /** Number of mails by address. */
  received: Map<string, number>;
  total(): number;
  /** Resolves once `done()` is true. It is called after every mail. */
  until(done: () => boolean): Promise<void>;
  /** From now on, a mail is accepted at once and answered after `ms`. */
  delay(ms: number): void;
  /** Destroys every connection. */
  cut(): void;
  close(): Promise<void>;
}

export async function startSmtpSink(): Promise<SmtpSink> {
  const received = new Map<string, number>();
  const watchers = createWatchers();
  let total = 0;
  let delayMs = 0;
  const onMail = (address: string, answer: () => void) => {
    received.set(address, (received.get(address) ?? 0) + 1);
    total += 1;
    watchers.look();
    if (delayMs === 0) answer();
    else setTimeout(answer, delayMs).unref();
  };
  const server: Server = createServer((socket) => serve(socket, onMail));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the sink has no port');
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `smtp://127.0.0.1:${address.port}`,
    received,
    total: () => total,
    until: watchers.until,
    delay(ms) {
      delayMs = ms;
    },
    cut,
    close() {
      cut();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

const END_OF_DATA = '\r\n.\r\n';

function serve(socket: Socket, onMail: (address: string, answer: () => void) => void): void {
  let buffer = '';
  let inData = false;
  let recipient = '';
  socket.setNoDelay(true).setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.write('220 sink\r\n');
  socket.on('data', (chunk: string) => {
    buffer += chunk;
    for (;;) {
      const mark = inData ? END_OF_DATA : '\r\n';
      const end = buffer.indexOf(mark);
      if (end === -1) return;
      const line = buffer.slice(0, end);
      buffer = buffer.slice(end + mark.length);
      if (inData) {
        inData = false;
        onMail(recipient, () => {
          if (!socket.destroyed) socket.write('250 taken\r\n');
        });
        continue;
      }
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === 'RCPT') recipient = /<([^>]*)>/.exec(line)?.[1] ?? '';
      if (verb === 'DATA') inData = true;
      if (verb === 'EHLO') socket.write('250-sink\r\n250 8BITMIME\r\n');
      else if (verb === 'QUIT') socket.end('221 bye\r\n');
      else socket.write(verb === 'DATA' ? '354 go\r\n' : '250 ok\r\n');
    }
  });
}
