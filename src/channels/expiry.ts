import { MAX_TTL_S } from './push-fields.ts';

/** From when on a message is not worth sending any more: milliseconds since 1970; Infinity where that is never or not known. */
export interface Expiry<Message extends object = object, Rendered extends object = object> {
  /** `message` is the template that `rendered` was made of. */
  ofRendered(rendered: Rendered, acceptedAt: Date, message: Message): number;
  /** The same before it is rendered, as far as it is the same for everybody. */
  ofTemplate(message: Message, acceptedAt: Date): number;
}

/**
 * The end of a time to live, in seconds. 0 says that the provider is not to store the message ("now or never"); here it may
 * wait like one that says nothing.
 */
export function endOfLife(acceptedAt: Date, ttlS: number): number {
  return acceptedAt.getTime() + (ttlS === 0 ? MAX_TTL_S : ttlS) * 1_000;
}

/** The same of a value that may still be a template. */
export function plannedEndOfLife(acceptedAt: Date, ttlS: number | string | undefined): number {
  return typeof ttlS === 'number' ? endOfLife(acceptedAt, ttlS) : Number.POSITIVE_INFINITY;
}
