import type { SmtpRelay } from '../../channels/email/settings.ts';
import { probe } from '../../channels/email/smtp/probe.ts';
import type { Finding } from '../finding.ts';

const PATIENCE_MS = 20_000;

/** Connects to a mail relay and logs in, without a mail. */
export async function lookAtRelay({ name, url }: SmtpRelay): Promise<Finding[]> {
  const failure = await probe({ name, url }, AbortSignal.timeout(PATIENCE_MS));
  if (failure === null) return [];
  const { protocol, host, username } = new URL(url);
  const isRefusal = failure.cause === 'config_error';
  return [
    {
      area: 'accounts',
      subject: `relay ${name}`,
      problem: isRefusal ? 'the relay refuses our login' : 'the relay does not answer',
      known: `a login at ${protocol}//${host}${username === '' ? '' : ` as ${decodeURIComponent(username)}`}: ${failure.said}`,
      mend: isRefusal
        ? 'Correct user and password in email.smtp of the workspace file, and apply it.'
        : 'Correct host and port in email.smtp, or let this machine through to it; clouds often block port 25: use 587 or 465.',
    },
  ];
}
