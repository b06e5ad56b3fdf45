import { formValue } from '../../../lib/encoding/form-value.ts';
import type { PostReply } from '../../../net/http-post.ts';
import { askedWait } from '../../../net/retry-after.ts';
import { jsonObject, plainWord } from '../../answers/provider-reply.ts';
import type { Outcome } from '../../outcome.ts';
import type { RenderedSms } from '../rendered.ts';
import type { TwilioSettings } from '../settings.ts';
import { segmentWords } from '../text/segments.ts';
import { isDeadNumber, meaningOf } from './twilio-errors.ts';

/** Source: Twilio, "Messages resource"; messaging-objects.md §7.6 and §7.7. */
export const BASE_URL = 'https://api.twilio.com';
export const MAX_REPLY_BYTES = 16_384;

/** How long the account rests if Twilio names no time: its limit is one of calls under way. Milliseconds. */
const TOO_MANY_MS = 1_000;

export interface TwilioRequest {
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** What the request says beyond the message. */
export interface TwilioOrder {
  settings: TwilioSettings;
  to: string;
  /** Where Twilio reports what becomes of the message, as a form writes it. null: nowhere. */
  statusCallback: string | null;
  /** The path of the base URL, without a slash at the end. */
  prefix: string;
}

export function buildRequest(
  { body, media_urls }: RenderedSms,
  { settings, to, statusCallback, prefix }: TwilioOrder,
): TwilioRequest {
  const { authorization, form: fixed } = partsOf(settings);
  let form = `To=${formValue(to)}${fixed}`;
  if (body !== '') form += `&Body=${formValue(body)}`;
  for (const url of media_urls) form += `&MediaUrl=${formValue(url)}`;
  if (statusCallback !== null) form += `&StatusCallback=${statusCallback}`;
  return {
    path: `${prefix}/2010-04-01/Accounts/${settings.account_sid}/Messages.json`,
    headers: {
      authorization,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: form,
  };
}

/** What is the same for all messages of an account. */
interface FixedParts {
  authorization: string;
  /** The pairs of the form that say how its texts are sent, each after a `&`. */
  form: string;
}

const fixedParts = new WeakMap<TwilioSettings, FixedParts>();

function partsOf(settings: TwilioSettings): FixedParts {
  const known = fixedParts.get(settings);
  if (known !== undefined) return known;
  const { from, messaging_service_sid, smart_encoding } = settings;
  const pairs = [
    from !== undefined && `&From=${formValue(from)}`,
    messaging_service_sid !== undefined && `&MessagingServiceSid=${formValue(messaging_service_sid)}`,
    smart_encoding === true && '&SmartEncoded=true',
  ];
  const made = { authorization: authorizationOf(settings), form: pairs.filter((pair) => pair !== false).join('') };
  fixedParts.set(settings, made);
  return made;
}

/** The value of the header `Authorization`. */
export function authorizationOf({ account_sid, auth_token, api_key_sid, api_key_secret }: TwilioSettings): string {
  const login = api_key_sid === undefined ? `${account_sid}:${auth_token}` : `${api_key_sid}:${api_key_secret}`;
  return `Basic ${Buffer.from(login).toString('base64')}`;
}

/** The outcome of a call. An answer of success with a body that cannot be read is a success without an id. */
export function readReply({ status, headers, body }: PostReply, message: RenderedSms, now: Date): Outcome {
  const reply = jsonObject(body);
  if (status >= 200 && status < 300) {
    const code = codeOf(reply.error_code);
    if (code !== null && reply.status === 'failed') return outcomeOf(code, message, {});
    return { kind: 'accepted', providerId: plainWord(reply.sid), detail: segmentWords(message.segments) };
  }
  const wait = askedWait(headers['retry-after'], now);
  const code = codeOf(reply.code);
  const reason = code ?? String(status);
  if (status === 429) return { kind: 'retry', reason, afterMs: TOO_MANY_MS, ...wait, slows: 'account' };
  if (status >= 500 || status === 408) return { kind: 'retry', reason, ...wait };
  if (code !== null) return outcomeOf(code, message, wait);
  // A redirect is no answer of Twilio's, so the base URL is wrong.
  const isOurs = status === 401 || status === 403 || status === 404 || status < 400;
  return { kind: isOurs ? 'config_error' : 'failed', reason };
}

function outcomeOf(code: string, { media_urls }: RenderedSms, wait: { afterMs?: number }): Outcome {
  switch (meaningOf(code)) {
    case 'dead_number':
      return isDeadNumber(code, { hasMedia: media_urls.length > 0 })
        ? { kind: 'bounced', reason: code }
        : { kind: 'failed', reason: code };
    case 'opted_out':
      return { kind: 'failed', reason: code, optsOut: true };
    case 'our_fault':
      return { kind: 'config_error', reason: code };
    case 'too_many':
      return { kind: 'retry', reason: code, ...wait, slows: 'account' };
    case 'refused':
      return { kind: 'failed', reason: code };
  }
}

function codeOf(value: unknown): string | null {
  return Number.isSafeInteger(value) && Number(value) > 0 ? String(value) : null;
}
