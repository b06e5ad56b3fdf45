import nodemailer from 'nodemailer';
import { readMailbox } from '../../lib/email-address.ts';
import type { Outcome } from '../outcome.ts';
import { buildMime } from './mime.ts';
import type { RenderedEmail } from './rendered.ts';
import { readFailure } from './smtp-reply.ts';

export interface Mail {
  rendered: RenderedEmail;
  to: string;
  /** The same on every attempt, so that a receiver can drop a repetition. */
  messageId: string;
}

export interface SmtpSender {
  deliver(mail: Mail, signal: AbortSignal): Promise<Outcome>;
  close(): Promise<void>;
}

/** Hands mails to one relay over a pool of connections. */
export function createSmtpSender({ url, maxConnections = 10 }: { url: string; maxConnections?: number }): SmtpSender {
  const transport = nodemailer.createTransport({
    url,
    pool: true,
    maxConnections,
    maxMessages: Number.POSITIVE_INFINITY,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 60_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async deliver(mail) {
      if (mail.rendered.attachments.length > 0) return { kind: 'failed', reason: 'attachments_not_supported' };
      try {
        const { messageId } = await transport.sendMail(messageOf(mail));
        return { kind: 'accepted', providerId: messageId };
      } catch (error) {
        return readFailure(error);
      }
    },
    async close() {
      transport.close();
    },
  };
}

function messageOf({ rendered, to, messageId }: Mail) {
  const sender = readMailbox(rendered.from)?.address ?? '';
  const id = `${messageId}@${sender.split('@').at(-1)}`;
  const raw = buildMime({ rendered, to, messageId: id, date: new Date() });
  return { envelope: { from: sender, to }, messageId: `<${id}>`, raw };
}
