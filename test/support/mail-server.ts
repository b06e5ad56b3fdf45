import type { TestContext } from 'node:test';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { createWatchers } from '../../rig/watchers.ts';

export interface ReceivedMail {
  to: string;
  /** The sender in the envelope. */
  from: string;
  mail: ParsedMail;
}

export interface MailServer {
  url: string;
  mails: ReceivedMail[];
  /** The reply to RCPT TO. null: the address is accepted. */
  refuse: (address: string) => Error | null;
  /** Answers no mail after the first `count` until the returned function is called. The mails are kept as they come. */
  holdAfter(count: number): () => void;
  /** Resolves once this number of mails have come. */
  untilMails(count: number): Promise<void>;
}

/** A real SMTP server on loopback that keeps every mail. `takesUtf8`: it offers SMTPUTF8. */
export async function startMailServer(t: TestContext, { takesUtf8 = true } = {}): Promise<MailServer> {
  const watchers = createWatchers();
  let hold = { after: Number.POSITIVE_INFINITY, ...Promise.withResolvers<void>() };
  const state: MailServer = {
    url: '',
    mails: [],
    refuse: () => null,
    holdAfter(count) {
      const held = { after: count, ...Promise.withResolvers<void>() };
      hold = held;
      return () => {
        held.after = Number.POSITIVE_INFINITY;
        held.resolve();
      };
    },
    untilMails: (count) => watchers.until(() => state.mails.length >= count),
  };
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    hideSMTPUTF8: !takesUtf8,
    logger: false,
    closeTimeout: 50,
    onRcptTo: ({ address }, _session, done) => done(state.refuse(address)),
    onData(stream, { envelope }, done) {
      simpleParser(stream, (error, mail) => {
        for (const { address } of envelope.rcptTo)
          state.mails.push({ to: address, from: envelope.mailFrom ? envelope.mailFrom.address : '', mail });
        const mayAnswer = state.mails.length > hold.after ? hold.promise : Promise.resolve();
        mayAnswer.then(() => done(error));
        watchers.look();
      });
    },
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => new Promise<void>((closed) => server.close(closed)));
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('the mail server has no port');
  state.url = `smtp://127.0.0.1:${address.port}`;
  return state;
}

/** The reply of a mail server that refuses a recipient. */
export function smtpReply(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code });
}
