import { type Expiry, endOfLife, plannedEndOfLife } from '../expiry.ts';
import type { RenderedAndroidPush } from './render.ts';
import type { AndroidPush } from './schema.ts';

/** Source: messaging-objects.md §2.1, `time_to_live`. */
export const androidExpiry: Expiry<AndroidPush, RenderedAndroidPush> = {
  ofRendered: ({ message }, acceptedAt) => endOfLife(acceptedAt, Number.parseInt(message.android.ttl ?? '', 10)),
  ofTemplate: ({ time_to_live }, acceptedAt) => plannedEndOfLife(acceptedAt, time_to_live),
};
