import { NotBegunError } from '../../net/http-post.ts';
import { Http1Pool } from '../../net/http1/pool.ts';
import { withWords } from '../answers/provider-words.ts';
import { unansweredPost } from '../answers/unanswered-post.ts';
import { drainOnClose } from '../drain-on-close.ts';
import { type NotBegun, type Outcome, refusedByUs } from '../outcome.ts';
import type { GroupSender, GroupSenderOptions, Outbound } from '../sender.ts';
import { BASE_URL, buildBody, errorWords, MAX_REPLY_BYTES, readReply, requestHead } from './providers/cloud-api.ts';
import type { RenderedWhatsApp } from './rendering/parts.ts';
import type { WhatsAppCloudSettings } from './settings.ts';
import { windowProblem } from './window.ts';

/** Connections of a whole process. Each carries one message at a time. */
const MAX_CONNECTIONS = 512;
const CONNECT_TIMEOUT_MS = 10_000;
const REPLY_TIMEOUT_MS = 30_000;
const TIMEOUT_MS = 60_000;

/**
 * Posts to Meta's WhatsApp Cloud API with one business number. A message that was sent and not answered is never sent
 * again, because a repetition costs money and annoys: a status by callback may still say what became of it.
 */
export function createWhatsAppSender(
  settings: WhatsAppCloudSettings,
  { clock, threads }: GroupSenderOptions,
): GroupSender<RenderedWhatsApp> {
  const base = new URL(settings.base_url ?? BASE_URL);
  const head = requestHead(settings, base.pathname.replace(/\/+$/, ''));
  const secrets = [settings.access_token];
  const pool = new Http1Pool(base.origin, {
    connections: Math.ceil(MAX_CONNECTIONS / threads),
    connectMs: CONNECT_TIMEOUT_MS,
    replyMs: REPLY_TIMEOUT_MS,
  });

  async function attempt(
    { rendered, address, reference, lastWrote }: Outbound<RenderedWhatsApp>,
    mayBegin: AbortSignal,
  ): Promise<Outcome | NotBegun> {
    const now = clock.now();
    const problem = windowProblem(rendered, lastWrote, { settings, now });
    if (problem !== null) return refusedByUs('outside_window', problem);
    if (address === null) throw new Error('a WhatsApp message has no number');
    const request = { ...head, body: buildBody(rendered, { to: address, reference }) };
    try {
      const reply = await pool.post({ ...request, maxReplyBytes: MAX_REPLY_BYTES, timeoutMs: TIMEOUT_MS, mayBegin });
      const outcome = readReply(reply, clock.now());
      return outcome.kind === 'accepted' ? outcome : withWords(outcome, errorWords(reply, secrets));
    } catch (error) {
      if (error instanceof NotBegunError) return { kind: 'not_begun' };
      const { isUnclear, ...retry } = unansweredPost(error, base);
      return isUnclear ? { ...retry, kind: 'unknown' } : retry;
    }
  }

  return drainOnClose(attempt, () => pool.close());
}
