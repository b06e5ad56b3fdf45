import type { PostReply } from '../../../net/http-post.ts';
import { askedWait } from '../../../net/retry-after.ts';
import { jsonObject, objectOf } from '../../answers/provider-reply.ts';
import { saidText } from '../../answers/provider-words.ts';
import type { Outcome } from '../../outcome.ts';
import type { RenderedWhatsApp } from '../rendering/parts.ts';
import type { WhatsAppCloudSettings } from '../settings.ts';
import { outcomeOf } from './meta-errors.ts';

/** Source: Meta, "WhatsApp Cloud API: Messages"; messaging-objects.md §8.4 and §8.5. */
export const BASE_URL = 'https://graph.facebook.com';
export const VERSION = 'v23.0';
export const MAX_REPLY_BYTES = 16_384;

export interface CloudApiRequest {
  path: string;
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** What is the same for all messages of one number. `prefix`: the path of the base URL, without a slash at the end. */
export function requestHead(
  { phone_number_id, version = VERSION, access_token }: WhatsAppCloudSettings,
  prefix: string,
): Omit<CloudApiRequest, 'body'> {
  return {
    path: `${prefix}/${version}/${phone_number_id}/messages`,
    headers: {
      authorization: `Bearer ${access_token}`,
      'content-type': 'application/json',
      accept: 'application/json',
    },
  };
}

/** `to`: in E.164. `reference`: Meta repeats it in every status of the message. */
export function buildBody(rendered: RenderedWhatsApp, { to, reference }: { to: string; reference: string }): string {
  // Put together as text: to copy the message and write the copy costs three times as much.
  const own = JSON.stringify(rendered).slice(1, -1);
  const [receiver, name] = [JSON.stringify(to), JSON.stringify(reference)];
  return `{"messaging_product":"whatsapp","recipient_type":"individual","to":${receiver},${own},"biz_opaque_callback_data":${name}}`;
}

/** The outcome of a call. An answer of success whose body cannot be read is a success without an id. */
export function readReply({ status, headers, body }: PostReply, now: Date): Outcome {
  const reply = jsonObject(body);
  if (status >= 200 && status < 300) return accepted(reply.messages);
  const wait = askedWait(headers['retry-after'], now);
  const { code } = objectOf(reply.error);
  if (typeof code === 'number' && Number.isSafeInteger(code)) {
    const outcome = outcomeOf(code);
    return outcome.kind === 'retry' ? { ...outcome, ...wait } : outcome;
  }
  const reason = String(status);
  if (status === 429) return { kind: 'retry', reason, ...wait, slows: 'account' };
  if (status >= 500 || status === 408) return { kind: 'retry', reason, ...wait };
  // A redirect or an answer without Meta's error is not Meta's, so the base URL or a proxy is wrong.
  return { kind: 'config_error', reason };
}

/** The code and Meta's own words on it. null: it said nothing. */
export function errorWords({ status, body }: PostReply, secrets: readonly string[]): string | null {
  const error = objectOf(jsonObject(body).error);
  const { details } = objectOf(error.error_data);
  const said = [details, error.message].find((text) => typeof text === 'string' && text !== '');
  return saidText(`${error.code ?? status} ${said ?? body.toString('utf8')}`, secrets);
}

function accepted(messages: unknown): Outcome {
  const { id, message_status } = objectOf(Array.isArray(messages) ? messages[0] : undefined);
  const providerId = typeof id === 'string' && id !== '' && id.length <= LONGEST_ID ? id : null;
  // A person's answer to the message names it by Meta's id alone.
  const found = providerId === null ? { providerId } : { providerId, isFoundById: true as const };
  // Meta has the message, and will say by a callback whether it goes out.
  if (message_status === 'held_for_quality_assessment') return { kind: 'accepted', ...found, detail: HELD };
  return { kind: 'accepted', ...found };
}

const LONGEST_ID = 256;
const HELD = 'held by Meta for a quality assessment of the template';
