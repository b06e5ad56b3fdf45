import { askedWait } from '../../../net/retry-after.ts';
import { jsonObject, objectOf, type ProviderReply, plainWord } from '../../answers/provider-reply.ts';
import { payloadBytes } from '../../push/fields.ts';
import type { Push, PushOutcome } from '../../push/sender.ts';
import type { FcmApp } from '../fcm-app.ts';
import { notificationOf } from '../notification.ts';
import { MAX_DATA_BYTES, type RenderedAndroidPush } from '../render.ts';

const QUOTA_WAIT_MS = 60_000;

/**
 * The body of one call. `ttlS`: the rest of the message's time to live, in seconds. null: the data and the notification
 * together are too large, because the app's settings add to them. Source: messaging-objects.md §2.3.
 */
export function buildBody(
  app: Pick<FcmApp, 'style' | 'channelId'>,
  push: Push<RenderedAndroidPush>,
  ttlS: number,
): string | null {
  const { data: rendered, android } = push.rendered.message;
  const data: Record<string, string> = { ...rendered, mid: push.pushId };
  if (app.channelId !== undefined) data.ab_nc ??= app.channelId;
  const notification = app.style === 'notification' ? notificationOf(data) : undefined;
  if (payloadBytes(data) + notificationBytes(notification) > MAX_DATA_BYTES) return null;
  return JSON.stringify({
    message: { token: push.token, data, android: { ...android, ttl: `${ttlS}s`, notification } },
  });
}

/** The texts of a notification count beside those of the data, although they are the same. */
function notificationBytes(notification: Readonly<Record<string, string | boolean>> = {}): number {
  return payloadBytes(Object.fromEntries(Object.entries(notification).map(([key, value]) => [key, String(value)])));
}

export interface FcmReading {
  outcome: PushOutcome;
  /** The access token was refused. Try once more with another; `outcome` is final when there is none. */
  renewsToken?: true;
}

/**
 * The meaning of each error code. A status without a code counts as the code in `codeOfStatus`.
 * Source: messaging-objects.md §2.4.
 */
const byCode: Readonly<Record<string, (error: FcmError) => FcmReading>> = {
  UNREGISTERED: () => ({ outcome: { kind: 'bounced', reason: 'UNREGISTERED', token: 'remove' } }),
  SENDER_ID_MISMATCH: () => ({ outcome: { kind: 'bounced', reason: 'SENDER_ID_MISMATCH', token: 'suspect' } }),
  INVALID_ARGUMENT: readInvalidArgument,
  QUOTA_EXCEEDED: ({ wait }) => ({
    outcome: { kind: 'retry', reason: 'QUOTA_EXCEEDED', afterMs: QUOTA_WAIT_MS, ...wait, slows: 'account' },
  }),
  UNAVAILABLE: ({ wait }) => ({ outcome: { kind: 'retry', reason: 'UNAVAILABLE', ...wait } }),
  INTERNAL: ({ wait }) => ({ outcome: { kind: 'retry', reason: 'INTERNAL', ...wait } }),
  THIRD_PARTY_AUTH_ERROR: () => ({ outcome: { kind: 'config_error', reason: 'THIRD_PARTY_AUTH_ERROR' } }),
  UNAUTHENTICATED: () => ({ outcome: { kind: 'config_error', reason: 'UNAUTHENTICATED' }, renewsToken: true }),
  PERMISSION_DENIED: () => ({ outcome: { kind: 'config_error', reason: 'PERMISSION_DENIED' } }),
  UNSPECIFIED_ERROR: () => ({ outcome: { kind: 'failed', reason: 'UNSPECIFIED_ERROR' } }),
};

const codeOfStatus: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'UNREGISTERED',
  429: 'QUOTA_EXCEEDED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

interface FcmError {
  /** `FcmError.errorCode`. null: absent. */
  code: string | null;
  /** `error.status`, the canonical name of the status. null: absent. */
  name: string | null;
  message: string;
  /** The first field that FCM calls wrong. `message.token` comes before all others. null: none. */
  field: string | null;
  /** Whether the body is one of Google's errors and not, for example, a proxy's page. */
  isGoogles: boolean;
  wait: { afterMs?: number };
}

/** The meaning of an answer. Never throws, whatever the answer holds. */
export function readReply(reply: ProviderReply, now: Date): FcmReading {
  if (reply.status >= 200 && reply.status < 300) return { outcome: readSuccess(reply.body) };
  const error = readError(reply, now);
  const code =
    knownCode(error.code) ?? codeOfStatus[reply.status] ?? (error.name === 'NOT_FOUND' ? 'UNREGISTERED' : null);
  // A 404 that is not Google's more likely means a wrong URL than a dead token.
  if (code === 'UNREGISTERED' && !error.isGoogles)
    return { outcome: { kind: 'bounced', reason: 'not_found', token: 'suspect' } };
  const read = code === null ? undefined : byCode[code];
  return read?.(error) ?? { outcome: readOther(reply.status, error) };
}

function knownCode(code: string | null): string | null {
  return code !== null && Object.hasOwn(byCode, code) ? code : null;
}

function readSuccess(body: Buffer): PushOutcome {
  const { name } = jsonObject(body);
  if (typeof name === 'string' && name !== '') return { kind: 'accepted', providerId: name.slice(0, 500) };
  return { kind: 'unknown', reason: 'unexpected_reply' };
}

/**
 * An FcmError detail does not prove a bad token, because too large messages have it too. The text or the field decides.
 */
function readInvalidArgument({ message, field }: FcmError): FcmReading {
  const isToken =
    field === 'message.token' || /registration token is not (a )?valid|invalid registration token/i.test(message);
  if (isToken) return { outcome: { kind: 'bounced', reason: 'INVALID_ARGUMENT token', token: 'suspect' } };
  return { outcome: { kind: 'failed', reason: `INVALID_ARGUMENT${field === null ? '' : ` ${field}`}` } };
}

function readOther(status: number, { code, name, wait }: FcmError): PushOutcome {
  const reason = `${status} ${code ?? name ?? ''}`.trim();
  if (status >= 500) return { kind: 'retry', reason, ...wait };
  // FCM never redirects, so a redirect means a wrong URL.
  return status < 400 ? { kind: 'config_error', reason } : { kind: 'failed', reason };
}

function readError({ headers, body }: ProviderReply, now: Date): FcmError {
  const given = jsonObject(body).error;
  const error = objectOf(given);
  const details = (Array.isArray(error.details) ? error.details : []).map(objectOf);
  const ofType = (end: string) => details.find(({ '@type': type }) => typeof type === 'string' && type.endsWith(end));
  const violations = ofType('google.rpc.BadRequest')?.fieldViolations;
  const fields = (Array.isArray(violations) ? violations : []).map((one) => plainWord(objectOf(one).field));
  return {
    code: plainWord(ofType('google.firebase.fcm.v1.FcmError')?.errorCode),
    name: plainWord(error.status),
    message: typeof error.message === 'string' ? error.message : '',
    field: fields.includes('message.token') ? 'message.token' : (fields.find((field) => field !== null) ?? null),
    isGoogles: Object.keys(error).length > 0,
    wait: askedWait(headers['retry-after'], now),
  };
}
