import { MAX_TTL_S } from './push/fields.ts';

/** The time from which a message must not be sent any more, in milliseconds since 1970. Infinity: never, or unknown. */
export interface Expiry<Message extends object = object, Rendered extends object = object> {
  /** The expiry of a rendered message. `message` is the template that it was rendered from. */
  ofRendered(rendered: Rendered, acceptedAt: Date, message: Message): number;
  /** The expiry before rendering, when it is the same for every recipient; else Infinity. */
  ofTemplate(message: Message, acceptedAt: Date): number;
}

/**
 * The end of a time to live, in milliseconds since 1970. 0 asks the provider not to store the message ("now or never").
 * In our own queue such a message may wait as long as one without a time to live.
 */
export function endOfLife(acceptedAt: Date, ttlS: number): number {
  return acceptedAt.getTime() + (ttlS === 0 ? MAX_TTL_S : ttlS) * 1_000;
}

/** The same for a value that may still be a template. Infinity: it is a template or absent. */
export function plannedEndOfLife(acceptedAt: Date, ttlS: number | string | undefined): number {
  return typeof ttlS === 'number' ? endOfLife(acceptedAt, ttlS) : Number.POSITIVE_INFINITY;
}
