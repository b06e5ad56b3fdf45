import { parseConnectionUrl } from 'nodemailer/lib/shared';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { ProbeFailure, Relay } from '../../sender.ts';
import { readFailure, type SmtpFailure } from './smtp-reply.ts';
import { longest, timeouts, tookTooLong } from './timeouts.ts';

/** Connects to a relay and logs in as its mails do, without a mail. null: it lets us in. */
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
  const options = { ...parseConnectionUrl(url), ...timeouts };
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
    if (error || options.auth === undefined || !connection.allowsAuth) return end(error);
    connection.login(options.auth, (refusal) => end(refusal));
  });
  return promise;
}
