import type { PostReply } from '../../../net/http-post.ts';
import { askedWait } from '../../../net/retry-after.ts';
import { jsonObject } from '../../answers/provider-reply.ts';
import type { PushOutcome } from '../../push/sender.ts';
import type { RenderedKindlePush } from '../render.ts';

/** Source: Amazon Device Messaging, "Send a Message via ADM"; messaging-objects.md §4.3 and §4.4. */
export const MAX_REPLY_BYTES = 16_384;
const MAX_TOKEN_BYTES = 2_048;

export interface AdmRequest {
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface AdmCredentials {
  clientId: string;
  clientSecret: string;
}

export function buildTokenRequest(path: string, { clientId, clientSecret }: AdmCredentials): AdmRequest {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    scope: 'messaging:push',
    client_id: clientId,
    client_secret: clientSecret,
  });
  return {
    path,
    headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8', accept: 'application/json' },
    body: form.toString(),
  };
}

export function buildRequest(
  message: RenderedKindlePush['message'],
  { prefix, registrationId, accessToken }: { prefix: string; registrationId: string; accessToken: string },
): AdmRequest {
  return {
    path: `${prefix}/messaging/registrations/${encodeURIComponent(registrationId)}/messages`,
    headers: {
      authorization: `Bearer ${accessToken}`,
      'content-type': 'application/json',
      accept: 'application/json',
      'x-amzn-type-version': 'com.amazon.device.messaging.ADMMessage@1.0',
      'x-amzn-accept-type': 'com.amazon.device.messaging.ADMSendResult@1.0',
    },
    body: JSON.stringify(message),
  };
}

export type TokenReading =
  | { ok: true; accessToken: string; expiresInS: number }
  | { ok: false; outcome: Extract<PushOutcome, { kind: 'retry' | 'config_error' }> };

const DEFAULT_LIFETIME_S = 3_600;

export function readTokenReply(reply: PostReply, now: Date): TokenReading {
  const { status, headers } = reply;
  const body = jsonObject(reply.body);
  if (status === 200) {
    const { access_token: accessToken, expires_in: lifetime } = body;
    const expiresInS = typeof lifetime === 'number' && lifetime > 0 ? lifetime : DEFAULT_LIFETIME_S;
    // The token is put into a header, so it must hold no blanks or control characters.
    if (typeof accessToken === 'string' && /^[\x21-\x7e]{1,8192}$/.test(accessToken))
      return { ok: true, accessToken, expiresInS };
    return { ok: false, outcome: { kind: 'retry', reason: 'token unreadable' } };
  }
  const reason = `token ${word(body.error) ?? status}`;
  if (isTemporary(status))
    return { ok: false, outcome: { kind: 'retry', reason, ...askedWait(headers['retry-after'], now) } };
  return { ok: false, outcome: { kind: 'config_error', reason } };
}

/** Outcomes by status and reason. Any other answer is read by its status alone. */
const refusals: ReadonlyMap<string, PushOutcome> = new Map<string, PushOutcome>([
  ['400 Unregistered', { kind: 'bounced', reason: 'Unregistered', token: 'remove' }],
  ['400 InvalidRegistrationId', { kind: 'bounced', reason: 'InvalidRegistrationId', token: 'remove' }],
]);

export function readReply(
  reply: PostReply,
  { registrationId, now }: { registrationId: string; now: Date },
): PushOutcome {
  const { status, headers } = reply;
  const body = jsonObject(reply.body);
  if (status === 200) {
    const newToken = readRegistrationId(body.registrationID);
    const providerId = textOf(headers['x-amzn-requestid']);
    return { kind: 'accepted', providerId, ...(newToken !== null && newToken !== registrationId && { newToken }) };
  }
  const reason = word(body.reason) ?? String(status);
  const wait = askedWait(headers['retry-after'], now);
  if (status === 401) return { kind: 'config_error', reason };
  if (status === 429) return { kind: 'retry', reason, ...wait, slows: 'account' };
  if (isTemporary(status)) return { kind: 'retry', reason, ...wait };
  return refusals.get(`${status} ${reason}`) ?? { kind: 'failed', reason };
}

function isTemporary(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function readRegistrationId(value: unknown): string | null {
  if (typeof value !== 'string' || value.trim() === '' || !value.isWellFormed() || value.includes('\0')) return null;
  return Buffer.byteLength(value) <= MAX_TOKEN_BYTES ? value : null;
}

/** The provider's reason, if it is a single word. null: any other text, which is not repeated. */
function word(value: unknown): string | null {
  return typeof value === 'string' && /^\w{1,64}$/.test(value) ? value : null;
}

function textOf(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header)?.slice(0, 255) ?? null;
}
