import type { Readable } from 'node:stream';
import nodemailer from 'nodemailer';
import { asciiAddress, readMailbox, wireAddress } from '../../lib/email-address.ts';
import type { Outcome } from '../outcome.ts';
import { buildMime } from './mime.ts';
import type { RenderedEmail } from './rendered.ts';
import { readFailure, type SmtpFailure } from './smtp-reply.ts';
import { createUtf8Probe } from './smtp-utf8.ts';
import { timeouts } from './timeouts.ts';

export interface Mail {
  rendered: RenderedEmail;
  to: string;
  /** Id of the mail, the same on every attempt, so that a receiver can drop a repetition. */
  messageId: string;
}

export type SmtpResult =
  | SmtpFailure
  | { outcome: Extract<Outcome, { kind: 'accepted' }>; blame: null; mayBeStale: false; said: null };

export interface SmtpSender {
  deliver(mail: Mail): Promise<SmtpResult>;
  close(): Promise<void>;
}

/** Sends mails to one relay over a pool of connections. */
export function createSmtpSender({ url, maxConnections }: { url: string; maxConnections: number }): SmtpSender {
  const takesUtf8 = createUtf8Probe({ url, ...timeouts });
  const transport = nodemailer.createTransport({
    url,
    pool: true,
    maxConnections,
    maxMessages: Number.POSITIVE_INFINITY,
    // The caller sends a mail again whose connection was stale, so that it can limit the logins.
    maxRequeues: 0,
    ...timeouts,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const texts = new WeakMap<object, Readable>();
  transport.use('stream', ({ message, data }, done) => {
    const { envelope } = data;
    const create = message.createReadStream.bind(message);
    message.createReadStream = (options) => {
      const text = create(options);
      if (envelope) texts.set(envelope, text);
      return text;
    };
    done();
  });
  return {
    async deliver(mail) {
      if (mail.rendered.attachments.length > 0) return ourRefusal('attachments_not_supported');
      const message = messageOf(mail);
      const { from, to } = message.envelope;
      try {
        if ((asciiAddress(from) === null || asciiAddress(to) === null) && !(await takesUtf8()))
          return ourRefusal('smtputf8_unsupported');
        const { messageId } = await transport.sendMail(message);
        const outcome = { kind: 'accepted', providerId: messageId } as const;
        return { outcome, blame: null, mayBeStale: false, said: null };
      } catch (error) {
        // The text is read only after the relay has asked for it.
        return readFailure(error, texts.get(message.envelope)?.readableDidRead ?? false);
      }
    },
    async close() {
      transport.close();
    },
  };
}

/** A mail that we do not send, whatever the relay. */
function ourRefusal(reason: string): SmtpFailure {
  return { outcome: { kind: 'failed', reason }, blame: 'message', isOffered: false, mayBeStale: false, said: null };
}

function messageOf({ rendered, to, messageId }: Mail) {
  const sender = wireAddress(readMailbox(rendered.from)?.address ?? '');
  const id = `${messageId}@${sender.split('@').at(-1)}`;
  const raw = buildMime({ rendered, to, messageId: id, date: new Date() });
  return { envelope: { from: sender, to: wireAddress(to) }, messageId: `<${id}>`, raw };
}
