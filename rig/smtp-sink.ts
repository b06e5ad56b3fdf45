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

/**
 * How one mail is treated. `later`, `refused`: its recipient gets 451 or 550. `cut`: the connection ends at the recipient.
 * `lost`: the mail is taken, and the connection ends instead of the answer.
 */
export type MailAnswer = 'taken' | 'later' | 'refused' | 'cut' | 'lost';

/** A mail that was taken. */
export interface SunkMail {
  to: string;
  /** The sender in the envelope. */
  from: string;
  /** Headers and body. */
  data: string;
}

export interface SmtpSinkOptions {
  /** Called once for each mail that is tried. Default: each is taken. */
  answer?(address: string): MailAnswer;
  onMail?(mail: SunkMail): void;
}

export async function startSmtpSink({ answer, onMail: tell }: SmtpSinkOptions = {}): Promise<SmtpSink> {
  const received = new Map<string, number>();
  const watchers = createWatchers();
  let total = 0;
  let delayMs = 0;
  const onMail = (mail: SunkMail, answer: () => void) => {
    const { to: address } = mail;
    tell?.(mail);
    received.set(address, (received.get(address) ?? 0) + 1);
    total += 1;
    watchers.look();
    if (delayMs === 0) answer();
    else setTimeout(answer, delayMs).unref();
  };
  const server: Server = createServer((socket) => serve(socket, answer, onMail));
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

function serve(
  socket: Socket,
  answer: SmtpSinkOptions['answer'],
  onMail: (mail: SunkMail, answer: () => void) => void,
): void {
  let buffer = '';
  let inData = false;
  let [from, to] = ['', ''];
  let treatment: MailAnswer = 'taken';
  socket.setNoDelay(true).setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.write('220 sink\r\n');

  function onData(data: string): void {
    onMail({ to, from, data }, () => {
      if (treatment === 'lost') socket.destroy();
      else if (!socket.destroyed) socket.write('250 taken\r\n');
    });
  }

  function onLine(line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
    if (verb === 'MAIL') from = address;
    if (verb === 'RCPT') {
      to = address;
      treatment = answer?.(address) ?? 'taken';
      if (treatment === 'cut') return void socket.destroy();
      if (treatment !== 'taken' && treatment !== 'lost')
        return void socket.write(treatment === 'later' ? '451 4.3.0 later\r\n' : '550 5.1.1 no such user\r\n');
    }
    if (verb === 'DATA') inData = true;
    if (verb === 'EHLO') socket.write('250-sink\r\n250 8BITMIME\r\n');
    else if (verb === 'QUIT') socket.end('221 bye\r\n');
    else socket.write(verb === 'DATA' ? '354 go\r\n' : '250 ok\r\n');
  }

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
        onData(line);
      } else onLine(line);
    }
  });
}
