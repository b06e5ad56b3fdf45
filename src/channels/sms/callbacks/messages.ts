import { isDeadNumber, OPTED_OUT } from '../providers/twilio-errors.ts';
import { findKeyword, type Keyword, type KeywordTable } from './keywords.ts';

/** What a status callback says of one message. */
export interface StatusNews {
  /** `step`: it is on its way, which says nothing that we do not know already. `other`: a status that is not known. */
  kind: 'step' | 'delivered' | 'read' | 'failed' | 'other';
  messageSid: string;
  status: string;
  /** The number that the message went to. null: the callback does not say. */
  to: string | null;
  /** null: no error. */
  errorCode: string | null;
  /** True: nothing must be sent to the number again. */
  isDead: boolean;
  /** True: the person has opted out of the sender's messages. */
  hasOptedOut: boolean;
}

const kinds: ReadonlyMap<string, StatusNews['kind']> = new Map([
  ...['accepted', 'scheduled', 'queued', 'sending', 'sent'].map((status) => [status, 'step'] as const),
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['undelivered', 'failed'],
  ['failed', 'failed'],
  ['canceled', 'failed'],
]);

const sid = /^(?:SM|MM)[0-9A-Za-z]{1,62}$/;
const number = /^\+[1-9]\d{6,14}$/;

/**
 * Reads a status callback. null: it names no message or no status. `hasMedia`: the message had media, which a number that
 * takes texts may refuse. Source: messaging-objects.md §7.6 and §7.7.
 */
export function readStatus(form: URLSearchParams, { hasMedia }: { hasMedia: boolean }): StatusNews | null {
  const messageSid = form.get('MessageSid') ?? form.get('SmsSid') ?? '';
  const status = (form.get('MessageStatus') ?? form.get('SmsStatus') ?? '').toLowerCase();
  if (!sid.test(messageSid) || !/^[a-z_-]{1,30}$/.test(status)) return null;
  const kind = kinds.get(status) ?? 'other';
  const errorCode = kind === 'failed' ? codeIn(form) : null;
  return {
    kind,
    messageSid,
    status,
    to: numberIn(form, 'To'),
    errorCode,
    isDead: errorCode !== null && isDeadNumber(errorCode, { hasMedia }),
    hasOptedOut: errorCode === OPTED_OUT,
  };
}

/** A message that somebody sent to one of our numbers. */
export interface InboundMessage {
  messageSid: string;
  from: string;
  /** The number or the sender's name that it was sent to. */
  to: string;
  messagingServiceSid: string | null;
  body: string;
  /** Number of pictures and other files. */
  media: number;
  /** null: it is no keyword. */
  keyword: Keyword | null;
  /** True: Twilio has acted on the word and answered it (Advanced Opt-Out), so we do not. */
  isAnswered: boolean;
}

const optOutTypes: Readonly<Record<string, Keyword['meaning']>> = { STOP: 'opt_out', START: 'opt_in', HELP: 'help' };

/** Reads an inbound message. null: it does not say which message it is, or from whom. */
export function readInbound(form: URLSearchParams, tables: readonly KeywordTable[] | undefined): InboundMessage | null {
  const messageSid = form.get('MessageSid') ?? form.get('SmsSid') ?? '';
  const from = numberIn(form, 'From');
  const to = form.get('To') ?? '';
  if (!sid.test(messageSid) || from === null || to === '') return null;
  const body = form.get('Body') ?? '';
  const meaning = optOutTypes[(form.get('OptOutType') ?? '').toUpperCase()];
  const found = findKeyword(body, tables);
  const media = Number(form.get('NumMedia') ?? 0);
  return {
    messageSid,
    from,
    to,
    messagingServiceSid: form.get('MessagingServiceSid'),
    body,
    media: Number.isSafeInteger(media) && media >= 0 ? media : 0,
    keyword: meaning === undefined ? found : { meaning, reply: null, language: found?.language ?? null },
    isAnswered: meaning !== undefined,
  };
}

function codeIn(form: URLSearchParams): string | null {
  const code = form.get('ErrorCode') ?? '';
  return /^[1-9]\d{0,5}$/.test(code) ? code : null;
}

function numberIn(form: URLSearchParams, name: string): string | null {
  const value = form.get(name) ?? '';
  return number.test(value) ? value : null;
}
