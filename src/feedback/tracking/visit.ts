import type { FeedbackEvent } from '../event.ts';
import type { SendReference } from '../reference.ts';
import { AT_ONCE_MS } from './judge.ts';
import { HIDDEN_URL } from './links.ts';
import { visitorOf } from './visitor.ts';

/** A request for a link or a pixel. */
export interface Visit {
  send: SendReference;
  /** Where the link leads. null: it is the pixel. */
  url: string | null;
  userAgent: string;
  /** The headers `Purpose` and `Sec-Purpose`. */
  purpose: string;
  at: Date;
}

const MOST_TEXT = 1_000;

/** Clicks wait a little longer than others that tell more of them may be on their way. */
const WAIT_MS = AT_ONCE_MS + 1_000;

/**
 * The open or click that a request is. The same within a second is one event: people click twice, and a storm on one link must
 * not fill the database.
 */
export function eventOf({ send, url, userAgent, purpose, at }: Visit): FeedbackEvent {
  const isHidden = url === HIDDEN_URL;
  const { bot, why } = isHidden ? ({ bot: 'scanner', why: 'hidden_link' } as const) : visitorOf({ userAgent, purpose });
  const { bucket, userId, dispatchId, channel } = send;
  const second = Math.floor(at.getTime() / 1_000);
  const link = isHidden ? 'hidden' : url;
  return {
    eventId: [dispatchId, bucket, userId, channel, second, link ?? 'open'].join(' '),
    kind: url === null ? 'opened' : 'clicked',
    occurredAt: at,
    provider: 'cresset',
    ...{ channel, send, providerMessageId: null, address: null, code: why, text: null, bot },
    ...(url !== null && { waitsMs: WAIT_MS }),
    detail: { ...(link !== null && { link: link.slice(0, MOST_TEXT) }), user_agent: userAgent.slice(0, MOST_TEXT) },
  };
}
