import ipaddr from 'ipaddr.js';
import { formValue } from '../../lib/encoding/form-value.ts';
import { NotBegunError } from '../../net/http-post.ts';
import { Http1Pool } from '../../net/http1/pool.ts';
import { isPublic } from '../../net/public-address.ts';
import { replyWords, withWords } from '../answers/provider-words.ts';
import { unansweredPost } from '../answers/unanswered-post.ts';
import { drainOnClose } from '../drain-on-close.ts';
import type { NotBegun, Outcome } from '../outcome.ts';
import type { GroupProvider } from '../providers.ts';
import type { GroupSender, GroupSenderOptions, Outbound } from '../sender.ts';
import { BASE_URL, buildRequest, MAX_REPLY_BYTES, readReply } from './providers/twilio.ts';
import type { RenderedSms } from './rendered.ts';
import type { TwilioSettings } from './settings.ts';

/** Most connections of a process to one account, for each lane. */
const MAX_CONNECTIONS = 64;
const CONNECT_TIMEOUT_MS = 10_000;
const REPLY_TIMEOUT_MS = 30_000;
/** Longest time of one call in all. */
const TIMEOUT_MS = 60_000;

/** null: the account is not Twilio's. */
export function openSmsSender(provider: GroupProvider, options: GroupSenderOptions): GroupSender<RenderedSms> | null {
  return provider.kind === 'twilio' ? createTwilioSender(provider.settings, options) : null;
}

/**
 * Posts to the Messages API of Twilio with one account. When the worker or the dispatch stops, requests that a connection
 * has begun are not aborted: they end within a minute. A message that was sent and not answered is never sent again,
 * because a repetition costs money and annoys: a status callback may still say what became of it.
 */
function createTwilioSender(
  settings: TwilioSettings,
  { clock, threads, groupId, callbackUrl }: GroupSenderOptions,
): GroupSender<RenderedSms> {
  const base = new URL(settings.base_url ?? BASE_URL);
  const prefix = base.pathname.replace(/\/+$/, '');
  const callbacks = callbacksOf(settings, `${callbackUrl}/${groupId}`);
  const statusOf = callbacks === null ? null : formValue(`${callbacks}/status/`);
  const secrets = [settings.auth_token, settings.api_key_secret ?? ''];
  const pool = new Http1Pool(base.origin, {
    connections: Math.ceil(MAX_CONNECTIONS / threads),
    connectMs: CONNECT_TIMEOUT_MS,
    replyMs: REPLY_TIMEOUT_MS,
  });

  async function attempt(
    { rendered, address, reference }: Outbound<RenderedSms>,
    mayBegin: AbortSignal,
  ): Promise<Outcome | NotBegun> {
    if (address === null) throw new Error('a text message to send has no number');
    const query = rendered.media_urls.length > 0 ? formValue('?media=1') : '';
    const statusCallback = statusOf === null ? null : `${statusOf}${reference}${query}`;
    const request = buildRequest(rendered, { settings, to: address, statusCallback, prefix });
    try {
      const reply = await pool.post({ ...request, maxReplyBytes: MAX_REPLY_BYTES, timeoutMs: TIMEOUT_MS, mayBegin });
      const outcome = readReply(reply, rendered, clock.now());
      return outcome.kind === 'accepted' ? outcome : withWords(outcome, replyWords(reply, secrets));
    } catch (error) {
      if (error instanceof NotBegunError) return { kind: 'not_begun' };
      const { isUnclear, ...retry } = unansweredPost(error, base);
      return isUnclear ? { ...retry, kind: 'unknown' } : retry;
    }
  }

  return drainOnClose(attempt, () => pool.close());
}

/**
 * Where Twilio reports to, without a slash at the end. null: nowhere, because Twilio refuses a message (21609) whose
 * callback leads to an address that it cannot reach.
 */
function callbacksOf({ callback_url, base_url }: TwilioSettings, ours: string): string | null {
  const url = (callback_url ?? ours).replace(/\/+$/, '');
  const { hostname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const isReachable = ipaddr.isValid(host) ? isPublic(host) : host.includes('.');
  return isReachable || base_url !== undefined ? url : null;
}
