import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import { SMTPServer, type SMTPServerAddress, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { domainOf, useOfReturnPath } from '../../channels/email/return-path.ts';
import { BytesInHand } from '../../lib/limits/bytes-in-hand.ts';
import type { Catalog } from '../../workspace/catalog.ts';
import { readReference } from '../reference.ts';
import { type Ignored, type MailIntakeDeps, takeMail } from './take-mail.ts';

export interface MailListenerOptions extends MailIntakeDeps {
  catalog: Pick<Catalog, 'workspace' | 'returnPaths'>;
  log: Logger;
  /** For STARTTLS, as PEM. null: it is not offered. */
  tls: { cert: string; key: string } | null;
}

export interface MailListener {
  /** Starts to listen. Resolves with the port. Rejects with the error of the network. */
  listen(at: { host: string; port: number }): Promise<number>;
  close(): Promise<void>;
}

/** Bytes of a mail that are read. The machine-readable parts come first; the rest is our own mail, returned. */
export const MOST_READ_BYTES = 262_144;
/** Largest mail that is taken, because some servers return all of ours with its files. */
const MOST_MAIL_BYTES = 31_457_280;
const MOST_CLIENTS = 200;
const MOST_RECIPIENTS = 10;
const MOST_IN_HAND = 100;
const SOCKET_TIMEOUT_MS = 60_000;
/** How long a stop waits for mails that are on their way, in milliseconds. */
const CLOSE_GRACE_MS = 2_000;

/**
 * Receives bounce mails and complaints over SMTP. It has no other addresses, relays nothing, and answers a mail after its
 * events are committed. Source: RFC 5321.
 */
export function createMailListener(options: MailListenerOptions): MailListener {
  const { catalog, log, secret, tls } = options;
  const bytes = new BytesInHand(MOST_IN_HAND * MOST_READ_BYTES);

  function isOurs(address: string): boolean {
    const use = useOfReturnPath(address);
    if (use === null) return false;
    if (use === 'complaints') return catalog.returnPaths().has(domainOf(address));
    const send = readReference(secret, use.reference);
    return send !== null && catalog.workspace(send.workspaceId)?.settings.email.returnPath === domainOf(address);
  }

  async function take(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<Ignored> {
    const giveBack = bytes.take(MOST_READ_BYTES);
    if (giveBack === null) {
      await drain(stream);
      throw smtpError(451, '4.3.2 too many mails at once; try again later');
    }
    try {
      const raw = await beginningOf(stream);
      if (stream.sizeExceeded) throw smtpError(552, '5.3.4 the mail is too large');
      return await takeMail(
        options,
        session.envelope.rcptTo.map(({ address }) => address),
        raw,
      );
    } finally {
      giveBack();
    }
  }

  const server = new SMTPServer({
    disabledCommands: ['AUTH', ...(tls === null ? ['STARTTLS'] : [])],
    hideSTARTTLS: tls === null,
    ...tls,
    ...{ authOptional: true, logger: false, banner: 'Cresset, for bounce mails and complaints' },
    ...{
      size: MOST_MAIL_BYTES,
      maxClients: MOST_CLIENTS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      closeTimeout: CLOSE_GRACE_MS,
    },
    onRcptTo({ address }: SMTPServerAddress, { envelope }, done) {
      if (!isOurs(address)) return done(smtpError(550, '5.1.1 there is no such address'));
      if (envelope.rcptTo.length >= MOST_RECIPIENTS) return done(smtpError(452, '4.5.3 too many recipients'));
      done();
    },
    onData(stream, session, done) {
      take(stream, session).then(
        (ignored) => done(null, ignored === null ? '2.0.0 taken' : `2.0.0 taken, without effect: ${ignored}`),
        (error: unknown) => {
          if (error instanceof SmtpError) return done(error);
          log.warn({ err: error }, 'a mail to a return path could not be taken in; its sender will try again');
          done(smtpError(451, '4.3.0 it cannot be stored now; try again later'));
        },
      );
    },
  });
  // Of single connections, such as one that is reset.
  server.on('error', (error) => log.debug({ err: error }, 'a connection of the mail listener failed'));

  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.server.once('error', reject);
        server.listen(port, host, () => {
          server.server.off('error', reject);
          const address = server.server.address();
          resolve(typeof address === 'object' && address !== null ? address.port : port);
        });
      }),
    close: () => new Promise((resolve) => (server.server.listening ? server.close(() => resolve()) : resolve())),
  };
}

/** An answer of SMTP that is no fault of ours. */
class SmtpError extends Error {
  readonly responseCode: number;

  constructor(responseCode: number, text: string) {
    super(text);
    this.responseCode = responseCode;
  }
}

function smtpError(code: number, text: string): SmtpError {
  return new SmtpError(code, text);
}

/** Reads all of a mail and keeps its beginning. */
async function beginningOf(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let kept = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (kept >= MOST_READ_BYTES) continue;
    chunks.push(chunk.subarray(0, MOST_READ_BYTES - kept));
    kept += chunk.length;
  }
  return Buffer.concat(chunks);
}

async function drain(stream: Readable): Promise<void> {
  for await (const _ of stream);
}
