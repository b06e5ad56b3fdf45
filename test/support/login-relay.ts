import { createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** A mail server that lets in who has the password, and can be closed and opened again at the same port. */
export interface LoginRelay {
  host: string;
  url(password: string | null): string;
  /** The recipient of each mail, in order. */
  readonly received: string[];
  /** Number of logins with a wrong password. */
  readonly refusedLogins: number;
  readonly connections: number;
  /** Changes the password. Sessions of the old one are answered 421 at their next mail. */
  setPassword(password: string): void;
  /** Closes the port and every connection. */
  close(): Promise<void>;
  /** Listens at the same port again. */
  open(): Promise<void>;
  /** True: it lets in, and answers every mail with 421. */
  isBusy: boolean;
  /** The answer to a mail before a login. */
  demand: string;
  /** Told of each mail, before it is answered. */
  onMail: () => void;
}

export async function startLoginRelay(t: TestContext, password: string): Promise<LoginRelay> {
  const state = {
    password,
    received: [] as string[],
    refusedLogins: 0,
    connections: 0,
    isBusy: false,
    demand: '530 5.7.0 Authentication required',
    onMail: (): void => undefined,
  };
  const sockets = new Set<Socket>();
  let server: Server = listener();
  let port = 0;

  function listener(): Server {
    return createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      state.connections += 1;
      serve(socket, state);
    });
  }
  const open = async () => {
    server = listener();
    await new Promise<void>((ready) => server.listen(port, '127.0.0.1', ready));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the relay has no port');
    port = address.port;
  };
  const close = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((closed) => server.close(() => closed()));
  };
  await open();
  t.after(close);
  return Object.assign(state, {
    host: `127.0.0.1:${port}`,
    url: (secret: string | null) => `smtp://${secret === null ? '' : `cresset:${secret}@`}127.0.0.1:${port}`,
    setPassword(next: string) {
      state.password = next;
    },
    close,
    open,
  });
}

interface Session {
  /** The password that the session logged in with. null: it has not. */
  password: string | null;
  recipient: string;
}

interface State {
  password: string;
  received: string[];
  refusedLogins: number;
  isBusy: boolean;
  demand: string;
  onMail(): void;
}

function serve(socket: Socket, state: State) {
  const session: Session = { password: null, recipient: '' };
  let buffer = '';
  let inData = false;
  const say = (line: string) => socket.write(`${line}\r\n`);
  socket.setNoDelay(true).setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  say('220 relay');
  socket.on('data', (chunk: string) => {
    buffer += chunk;
    for (;;) {
      const mark = inData ? '\r\n.\r\n' : '\r\n';
      const end = buffer.indexOf(mark);
      if (end === -1) return;
      const line = buffer.slice(0, end);
      buffer = buffer.slice(end + mark.length);
      if (inData) {
        inData = false;
        state.received.push(session.recipient);
        state.onMail();
        say('250 taken');
      } else {
        inData = line.toUpperCase() === 'DATA';
        const answer = answerTo(line, session, state);
        say(answer);
        if (answer.startsWith('421') || answer.startsWith('221')) socket.end();
      }
    }
  });
}

function answerTo(line: string, session: Session, state: Omit<State, 'received' | 'onMail'>): string {
  const [, verb = '', rest = ''] = /^(\w+(?: FROM| TO)?):? ?(.*)$/i.exec(line) ?? [];
  switch (verb.toUpperCase()) {
    case 'EHLO':
      return '250-relay\r\n250 AUTH PLAIN';
    case 'AUTH':
      return login(
        Buffer.from(rest.split(' ')[1] ?? '', 'base64')
          .toString()
          .split('\0')[2] ?? '',
        session,
        state,
      );
    case 'MAIL FROM':
      if (state.isBusy) return '421 4.7.0 try again later';
      if (session.password === null) return state.demand;
      return session.password === state.password ? '250 ok' : '421 4.7.0 log in again';
    case 'RCPT TO':
      session.recipient = /<(.*)>/.exec(rest)?.[1] ?? '';
      return '250 ok';
    case 'DATA':
      return '354 go';
    case 'QUIT':
      return '221 bye';
    default:
      return '250 ok';
  }
}

function login(password: string, session: Session, state: { password: string; refusedLogins: number }): string {
  if (password !== state.password) {
    state.refusedLogins += 1;
    return '535 5.7.8 authentication failed';
  }
  session.password = password;
  return '235 welcome';
}
