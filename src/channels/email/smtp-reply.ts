import type { Outcome } from '../outcome.ts';
import { saidText } from '../provider-words.ts';

/** The failure of a mail that a relay has not accepted, as far as we know. */
export interface SmtpFailure {
  outcome: Exclude<Outcome, { kind: 'accepted' }>;
  /**
   * `relay`: the relay itself failed and does not have the mail, so another may be tried. `message`: it refuses this
   * mail or this recipient. `unclear`: it was sent the mail's text and did not answer, so it may have the mail.
   */
  blame: 'relay' | 'message' | 'unclear';
}

const deadAddress = new Set(['5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10', '5.2.1']);
/** Nodemailer's own errors about a mail, from before anything is sent. */
const messageErrors = new Set(['EMESSAGE', 'EENVELOPE', 'ESTREAM']);
const mailCommands = new Set(['RCPT TO', 'DATA']);

/**
 * The meaning of an error that nodemailer throws. `isWritten`: the relay had asked for the mail's text, and sending it
 * had begun. Only `smtpWords` keeps the relay's words, and only the verdict shows them, because they may quote the mail.
 */
export function readFailure(error: unknown, isWritten: boolean): SmtpFailure {
  const outcome = outcomeOf(error);
  const { code = '', command = '', responseCode } = read(error);
  if (responseCode === undefined && isWritten)
    return { outcome: { kind: 'retry', reason: 'no answer after the mail', isUnclear: true }, blame: 'unclear' };
  if (outcome.kind === 'config_error' || responseCode === 421) return { outcome, blame: 'relay' };
  if (responseCode === undefined) return { outcome, blame: messageErrors.has(code) ? 'message' : 'relay' };
  return { outcome, blame: responseCode < 500 && !mailCommands.has(command) ? 'relay' : 'message' };
}

/**
 * What the relay said, or where the connection failed, such as `connect ECONNREFUSED 127.0.0.1:587`. `host`: host and
 * port of the relay. `secrets`: the relay's credentials.
 */
export function smtpWords(error: unknown, host: string, secrets: readonly string[]): string | null {
  const { response, responseCode, code = '', message = '' } = read(error);
  if (responseCode !== undefined) return saidText(response ?? '', secrets);
  const text = message === '' ? code : message;
  return saidText(/:\d+$/.test(text) ? text : `${text} (${host})`, secrets);
}

/** The outcome that an error stands for. Source: messaging-objects.md §6.7. */
function outcomeOf(error: unknown): SmtpFailure['outcome'] {
  const { code = '', command = '', responseCode, response = '' } = read(error);
  if (code === 'EAUTH' || code === 'ETLS' || responseCode === 530 || responseCode === 535) {
    return { kind: 'config_error', reason: `${responseCode ?? code}` };
  }
  if (responseCode === undefined) return { kind: 'retry', reason: code === '' ? 'connection lost' : code };
  const enhanced = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
  const reason = enhanced === undefined ? String(responseCode) : `${responseCode} ${enhanced}`;
  if (responseCode < 500 || enhanced?.startsWith('4.')) return { kind: 'retry', reason };
  if (command === 'MAIL FROM') return { kind: 'config_error', reason };
  if (enhanced === '5.2.2' || (enhanced === undefined && responseCode === 552)) return { kind: 'retry', reason };
  const isDead =
    enhanced === undefined
      ? command === 'RCPT TO' && [550, 551, 553].includes(responseCode)
      : deadAddress.has(enhanced);
  return isDead ? { kind: 'bounced', reason } : { kind: 'failed', reason };
}

interface SmtpError {
  code?: string;
  command?: string;
  responseCode?: number;
  response?: string;
  message?: string;
}

function read(error: unknown): SmtpError {
  return typeof error === 'object' && error !== null ? (error as SmtpError) : {};
}
