import { saidText } from '../../answers/provider-words.ts';
import type { Outcome } from '../../outcome.ts';
import { isAboutReputation } from './reputation.ts';

/** The failure of a mail that a relay has not accepted, as far as we know. */
export interface SmtpFailure {
  outcome: Exclude<Outcome, { kind: 'accepted' }>;
  /**
   * `relay`: the relay itself failed and does not have the mail, so another may be tried. `sender`: it does not accept
   * the mail's sender, so another may be tried. `message`: it refuses this mail or this recipient. `unclear`: it was
   * sent the mail's text and did not answer, so it may have the mail.
   */
  blame: 'relay' | 'sender' | 'message' | 'unclear';
  /** False: it was never asked to take the mail, because it could not be reached or did not let us in. */
  isOffered: boolean;
  /** The connection ended, perhaps only because it was idle for too long or had its share of mails. A new one may do. */
  mayBeStale: boolean;
  /** It takes nothing more from us for a while, because of what we sent before. */
  isReputation: boolean;
  /** The relay's own words, or the network's, if the relay or the sender is to blame. Otherwise they may quote the mail. */
  said: string | null;
}

const deadAddress = new Set(['5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10', '5.2.1']);

/** Whether an enhanced status code says that the address does not exist. Source: RFC 3463 §3; messaging-objects.md §6.7. */
export function isDeadAddress(status: string): boolean {
  return deadAddress.has(status);
}

/**
 * Whether a reply asks for a login, another login or TLS before it, at whatever command. It is about our settings and not
 * about the mail. Source: RFC 4954 §6.
 */
export function isAboutLogin(responseCode: number | undefined): boolean {
  return responseCode !== undefined && loginReplies.has(responseCode);
}

const loginReplies: ReadonlySet<number> = new Set([530, 534, 535, 538]);

/** Nodemailer's own errors about a mail, from before anything is sent. */
const messageErrors = new Set(['EMESSAGE', 'EENVELOPE', 'ESTREAM']);
const recipientCommands = new Set(['RCPT TO', 'DATA']);
const mailCommands = new Set(['MAIL FROM', ...recipientCommands]);

/**
 * The meaning of an error that nodemailer throws. `isWritten`: the relay had asked for the mail's text, and sending it
 * had begun. Only `smtpWords` keeps the relay's words for the verdict, because they may quote the mail.
 */
export function readFailure(error: unknown, isWritten: boolean): SmtpFailure {
  const known = read(error);
  if (known.responseCode === undefined && isWritten)
    return {
      outcome: { kind: 'retry', reason: 'no answer after the mail', isUnclear: true },
      blame: 'unclear',
      isOffered: true,
      mayBeStale: false,
      isReputation: false,
      said: null,
    };
  if (known.responseCode !== undefined && isAboutReputation(known.response ?? '')) return refusedSender(known);
  const outcome = outcomeOf(known);
  const blame = blameOf(known, outcome);
  return {
    ...{ outcome, blame, isOffered: isOffered(known), mayBeStale: blame === 'relay' && mayBeStale(known) },
    ...{ isReputation: false, said: blame === 'message' ? null : wordsOf(known) },
  };
}

/** The mail and its recipient are good, so another relay or another time may do. */
function refusedSender(error: SmtpError): SmtpFailure {
  return {
    outcome: { kind: 'retry', reason: reasonOf(error) },
    ...{ blame: 'relay', isOffered: true, mayBeStale: false, isReputation: true, said: wordsOf(error) },
  };
}

function enhancedCodeOf({ response = '' }: SmtpError): string | undefined {
  return /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response)?.[1];
}

function reasonOf(error: SmtpError): string {
  const enhanced = enhancedCodeOf(error);
  return enhanced === undefined ? String(error.responseCode) : `${error.responseCode} ${enhanced}`;
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
function outcomeOf(error: SmtpError): SmtpFailure['outcome'] {
  const { code = '', command = '', responseCode } = error;
  if (code === 'EAUTH' || code === 'ETLS' || isAboutLogin(responseCode)) {
    return { kind: 'config_error', reason: `${responseCode ?? code}` };
  }
  if (responseCode === undefined)
    return { kind: 'retry', reason: error.originalCode ?? (code === '' ? 'connection lost' : code) };
  const enhanced = enhancedCodeOf(error);
  const reason = reasonOf(error);
  if (responseCode < 500 || enhanced?.startsWith('4.')) return { kind: 'retry', reason };
  if (command === 'MAIL FROM') return { kind: 'config_error', reason };
  if (enhanced === '5.2.2' || (enhanced === undefined && responseCode === 552)) return { kind: 'retry', reason };
  const isDead =
    enhanced === undefined ? command === 'RCPT TO' && [550, 551, 553].includes(responseCode) : isDeadAddress(enhanced);
  return isDead ? { kind: 'bounced', reason } : { kind: 'failed', reason };
}

function blameOf({ code = '', command = '', responseCode }: SmtpError, { kind }: Outcome): SmtpFailure['blame'] {
  if (kind === 'config_error') return command === 'MAIL FROM' && !isAboutLogin(responseCode) ? 'sender' : 'relay';
  if (responseCode === 421) return 'relay';
  if (responseCode === undefined) return messageErrors.has(code) ? 'message' : 'relay';
  return responseCode < 500 && !recipientCommands.has(command) ? 'relay' : 'message';
}

function isOffered({ code = '', command = '', responseCode, syscall, timeoutType = '' }: SmtpError): boolean {
  if (code === 'EAUTH' || code === 'ETLS' || code === 'EDNS' || isAboutLogin(responseCode)) return false;
  if (responseCode !== undefined) return mailCommands.has(command);
  // A connection that was lost later may have been lost because of the mail.
  return syscall !== 'connect' && timeoutType !== 'CONNECT_TIMEOUT' && timeoutType !== 'GREETING_TIMEOUT';
}

function mayBeStale(error: SmtpError): boolean {
  const { code = '', responseCode } = error;
  if (responseCode !== undefined) return responseCode === 421;
  return code !== 'ETIMEDOUT' && isOffered(error);
}

/** The pool's own message for a connection that ended says nothing of the relay. */
const POOL_GAVE_UP = 'Reached maximum number of retries after connection was closed';

function wordsOf({ response, message }: SmtpError): string {
  return response ?? (message === undefined || message === POOL_GAVE_UP ? 'it closed the connection' : message);
}

interface SmtpError {
  code?: string;
  /** The code of the system, such as ECONNREFUSED. */
  originalCode?: string;
  command?: string;
  responseCode?: number;
  response?: string;
  message?: string;
  syscall?: string;
  timeoutType?: string;
}

function read(error: unknown): SmtpError {
  return typeof error === 'object' && error !== null ? (error as SmtpError) : {};
}
