import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { PortError } from '../listen.ts';
import type { Simulator } from '../simulator.ts';
import { type MailAccount, makeMailAccount } from './mail-account.ts';
import type { SentMail } from './sent-mail.ts';
import type { MailService } from './service-events.ts';
import { smtpAnswer } from './smtp-answers.ts';
import { Desk, type SmtpOptions } from './smtp-desk.ts';
import { SmtpSession } from './smtp-session.ts';

export type { SmtpOptions } from './smtp-desk.ts';

export interface SmtpSimulator extends Simulator<SentMail> {
  account: MailAccount;
  /** The URL with its login, as the workspace file names a relay. */
  relayUrl: string;
  /** Whose webhooks are posted at the start. null: nobody's. */
  service: MailService | null;
  /** From now on, webhooks of this service are posted to this URL. */
  tellAt(service: MailService, eventsUrl: string): void;
  /** Resolves when nothing is on its way back. */
  idle(): Promise<void>;
}

/** A stand-in for a mail relay and for what lies behind it: mailboxes, their complaints, and the services' webhooks. */
export async function startSmtpSimulator(options: SmtpOptions = {}): Promise<SmtpSimulator> {
  const { host = '127.0.0.1', port = 0, tls = null } = options;
  const account = options.account ?? makeMailAccount();
  const desk = new Desk(account, options);
  const sockets = new Set<Socket>();
  let connections = 0;
  const onSocket = (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.setNoDelay(true).setEncoding('latin1');
    // A client that hangs up ends its session.
    new SmtpSession(socket, desk).serve().catch(() => socket.destroy());
  };
  const server = tls === null ? createServer(onSocket) : createTlsServer(tls, onSocket);
  server.on('tlsClientError', () => undefined);
  await bind(server, host, port);
  const { port: bound } = server.address() as AddressInfo;
  const scheme = tls === null ? 'smtp' : 'smtps';
  const at = `${host.includes(':') ? `[${host}]` : host}:${bound}`;
  return {
    url: `${scheme}://${at}`,
    relayUrl: `${scheme}://${encodeURIComponent(account.username)}:${encodeURIComponent(account.password)}@${at}`,
    account,
    service: options.service ?? null,
    knows: (answer) => smtpAnswer(answer) !== undefined,
    counts: () => desk.counts(connections),
    received: (target) => desk.ledger.received(target),
    target: (target) => desk.ledger.target(target),
    targets: () => desk.ledger.targets(),
    until: (accepted) => desk.ledger.until(accepted),
    setFaults: (plan) => desk.setFaults(plan),
    reset: () => desk.reset(),
    revokeTokens: () => undefined,
    tellAt: (service, eventsUrl) => desk.tellAt(service, eventsUrl),
    idle: () => desk.callbacks.idle(),
    async stop() {
      const closed = new Promise((done) => server.close(done));
      for (const socket of sockets) socket.destroy();
      await closed;
      await desk.stop();
    },
  };
}

async function bind(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
    throw new PortError(`${host}:${port} cannot be listened on (${cause.code}). Choose another port.`, { cause });
  });
}
