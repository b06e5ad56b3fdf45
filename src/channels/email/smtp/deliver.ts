import nodemailer from 'nodemailer';
import { asciiAddress, readMailbox, wireAddress } from '../../../lib/email-address.ts';
import { hostOf } from '../../answers/provider-reply.ts';
import { withWords } from '../../answers/provider-words.ts';
import { type Outcome, refusedByUs } from '../../outcome.ts';
import type { AttachedFile } from '../mime/attached-file.ts';
import type { DkimSigner } from '../mime/dkim.ts';
import { buildMime } from '../mime/mime.ts';
import type { RenderedEmail } from '../rendered.ts';
import { bounceAddress } from '../return-path.ts';
import { ReadyText } from './ready-text.ts';
import { relayHeaders } from './relay-headers.ts';
import { type RelayKind, relayKindOf } from './relay-kind.ts';
import { readFailure, type SmtpFailure, smtpWords } from './smtp-reply.ts';
import { createUtf8Probe } from './smtp-utf8.ts';
import { longest, timeouts, tookTooLong } from './timeouts.ts';

export interface Mail {
  rendered: RenderedEmail;
  to: string;
  /** Id of the mail, the same on every attempt, so that a receiver can drop a repetition. */
  messageId: string;
  files?: readonly AttachedFile[] | undefined;
  /** Who gets this copy of the mail to `to`. Absent: it is no copy. */
  copyFor?: string | undefined;
  /** Our signed name of the send, by which we know what comes back. null: there is none. */
  reference: string | null;
}

export type SmtpResult =
  | SmtpFailure
  | {
      outcome: Extract<Outcome, { kind: 'accepted' }>;
      blame: null;
      mayBeStale: false;
      isReputation: false;
      said: null;
    };

export interface SmtpSender {
  deliver(mail: Mail): Promise<SmtpResult>;
  close(): Promise<void>;
}

const UTF8_NEEDED = 'the relay does not offer SMTPUTF8, which an address of this mail needs';

export interface SmtpSenderOptions {
  url: string;
  /** Whose mail server it is. Default: its host says so. */
  kind?: RelayKind | undefined;
  /** Signs the mails. Default: nothing is signed. */
  signer?: DkimSigner | undefined;
  /** The domain to which bounce mails go. Default: they go to the sender. */
  returnPath?: string | null;
  maxConnections: number;
  /** Longest time of one mail in all, in milliseconds. Default: five minutes. */
  longestMs?: number;
}

/** Sends mails to one relay over a pool of connections. */
export function createSmtpSender(options: SmtpSenderOptions): SmtpSender {
  const { url, maxConnections, longestMs = longest.mail } = options;
  const relay = new URL(url);
  const kind = options.kind ?? relayKindOf(relay.hostname);
  const host = hostOf(relay);
  const secrets = secretsOf(relay);
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
  const texts = new WeakMap<object, ReadyText>();
  transport.use('stream', ({ message, data }, done) => {
    const { envelope, raw } = data;
    if (envelope && typeof raw === 'string') {
      const text = new ReadyText(raw);
      texts.set(envelope, text);
      message.createReadStream = () => text;
    }
    done();
  });
  return {
    async deliver(mail) {
      const message = await messageOf(mail, { ...options, kind });
      const { from, to } = message.envelope;
      const limit = AbortSignal.timeout(longestMs);
      try {
        if ((asciiAddress(from) === null || asciiAddress(to) === null) && !(await takesUtf8()))
          return unsendable(refusedByUs('smtputf8_unsupported', UTF8_NEEDED));
        const { messageId } = await transport.sendMail({ ...message, signal: limit });
        const outcome = { kind: 'accepted', providerId: messageId } as const;
        return { outcome, blame: null, mayBeStale: false, isReputation: false, said: null };
      } catch (cause) {
        const error = limit.aborted && codeOf(cause) === 'EABORT' ? tookTooLong(longestMs) : cause;
        // The text is read only after the relay has asked for it.
        const failure = readFailure(error, texts.get(message.envelope)?.readableDidRead ?? false);
        return { ...failure, outcome: withWords(failure.outcome, smtpWords(error, host, secrets)) };
      }
    },
    async close() {
      transport.close();
    },
  };
}

function codeOf(error: unknown): unknown {
  return Object(error).code;
}

/** A mail that we do not send, whatever the relay. */
function unsendable(outcome: SmtpFailure['outcome']): SmtpFailure {
  return { outcome, blame: 'message', isOffered: false, mayBeStale: false, isReputation: false, said: null };
}

/** Headers that SES replaces, so that a signature over them would not hold. Source: Amazon SES, "Manual DKIM signing". */
const replacedBySes: ReadonlySet<string> = new Set(['date', 'message-id']);
const none: ReadonlySet<string> = new Set();

interface Making {
  kind: RelayKind;
  signer?: DkimSigner | undefined;
  returnPath?: string | null;
}

async function messageOf(mail: Mail, { kind, signer, returnPath }: Making) {
  const { rendered, to, files, copyFor } = mail;
  // What comes back of a copy is about nobody.
  const reference = copyFor === undefined ? mail.reference : null;
  const sender = wireAddress(readMailbox(rendered.from)?.address ?? '');
  const domain = sender.split('@').at(-1) ?? '';
  const messageId = `${mail.messageId}@${domain}`;
  const date = new Date();
  const forRelay = relayHeaders(kind, { ...rendered, reference });
  const text = buildMime({ rendered, to, messageId, date, files, relayHeaders: forRelay });
  const replaced = kind === 'ses' ? replacedBySes : none;
  const raw = signer === undefined ? text : await signer(text, { domain, date, replaced });
  const isReturned = reference !== null && returnPath !== null && returnPath !== undefined;
  const from = isReturned ? bounceAddress(returnPath, reference) : sender;
  return {
    ...{ envelope: { from, to: wireAddress(copyFor ?? to) }, messageId: `<${messageId}>`, raw },
    // Only a relay that offers it is asked for reports. Source: RFC 3461.
    ...(isReturned && { dsn: { id: reference, return: 'headers', notify: ['failure'] } }),
  };
}

/** The password, and the form in which the relay gets it. */
export function secretsOf({ username, password }: URL): string[] {
  const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
  if (secret === '') return [];
  const encoded = [secret, `\0${user}\0${secret}`].map((text) => Buffer.from(text).toString('base64'));
  return [secret, ...encoded];
}
