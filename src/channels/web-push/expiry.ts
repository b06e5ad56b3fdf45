import { type Expiry, endOfLife, plannedEndOfLife } from '../expiry.ts';
import type { RenderedWebPush } from './render.ts';
import type { WebPush } from './schema.ts';

/** Source: messaging-objects.md §5.1, `time_to_live`. */
export const webExpiry: Expiry<WebPush, RenderedWebPush> = {
  ofRendered: ({ headers }, acceptedAt) => endOfLife(acceptedAt, Number(headers.TTL)),
  ofTemplate: ({ time_to_live }, acceptedAt) => plannedEndOfLife(acceptedAt, time_to_live),
};
