import { parseConnectionUrl } from 'nodemailer/lib/shared';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { ProbeFailure, Relay } from '../../sender.ts';
import { isAboutLogin, readFailure, type SmtpFailure } from './smtp-reply.ts';
import { longest, timeouts, tookTooLong } from './timeouts.ts';

/** The name of our own method beside those of SASL, by which the mail library lets us send a command. */
const ANNOUNCE = 'ANNOUNCE';

/**
 * Connects to a relay and logs in as its mails do, without a mail. Without a login it announces one, because a relay that
 * wants a login says so only then. null: it lets us in.
 */
export async function probe(
  { url }: Relay,
  signal: AbortSignal,
  longestMs = longest.login,
): Promise<ProbeFailure | null> {
  const failure = await tryLogin(url, signal, longestMs);
  if (failure === null) return null;
  const cause = failure.outcome.kind === 'config_error' ? 'config_error' : 'unreachable';
  return { cause, said: failure.said ?? 'it does not answer' };
}

function tryLogin(url: string, signal: AbortSignal, longestMs: number): Promise<SmtpFailure | null> {
  const { promise, resolve } = Promise.withResolvers<SmtpFailure | null>();
  const options = { ...parseConnectionUrl(url), ...timeouts, customAuth: { [ANNOUNCE]: announce } };
  const connection = new SMTPConnection(options);
  const end = (error?: unknown) => {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    resolve(error === undefined || error === null ? null : readFailure(error, false));
    if (error) connection.close();
    else connection.quit();
  };
  const stop = () => end(new Error('stopped'));
  const timer = setTimeout(() => end(tookTooLong(longestMs)), longestMs);
  connection.once('error', end);
  connection.once('end', () => end(new Error('the relay hung up')));
  signal.addEventListener('abort', stop, { once: true });
  connection.connect((error) => {
    if (error) return end(error);
    const auth = options.auth !== undefined && connection.allowsAuth ? options.auth : { method: ANNOUNCE };
    connection.login(auth, (refusal) => end(refusal));
  });
  return promise;
}

/** Begins a mail that is never sent, in the place of a login. Other refusals may be about the empty sender. */
async function announce({ sendCommand }: Announcing): Promise<void> {
  const { response } = await sendCommand('MAIL FROM:<>');
  if (isAboutLogin(Number(response.slice(0, 3)))) throw new Error('it wants a login');
}

interface Announcing {
  sendCommand(command: string): Promise<{ response: string }>;
}
