import { type Expiry, endOfLife } from '../expiry.ts';
import type { RenderedKindlePush } from './render.ts';
import type { KindlePush } from './schema.ts';

/** Source: messaging-objects.md §4.3, `expiresAfter`. */
export const kindleExpiry: Expiry<KindlePush, RenderedKindlePush> = {
  ofRendered: ({ message }, acceptedAt) => endOfLife(acceptedAt, message.expiresAfter),
  ofTemplate: () => Number.POSITIVE_INFINITY,
};
