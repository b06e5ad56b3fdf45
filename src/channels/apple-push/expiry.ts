import type { Expiry } from '../expiry.ts';
import { DEFAULT_EXPIRY_MS, type RenderedApplePush } from './render.ts';
import type { ApplePush } from './schema.ts';

/** Source: messaging-objects.md §3.1, `expiry`. */
export const appleExpiry: Expiry<ApplePush, RenderedApplePush> = {
  // The rendered default counts from the time of rendering, so every retry would extend it.
  ofRendered: ({ headers }, acceptedAt, { expiry }) =>
    expiry === undefined ? acceptedAt.getTime() + DEFAULT_EXPIRY_MS : Number(headers['apns-expiration']) * 1_000,
  ofTemplate({ expiry }) {
    const at = expiry === undefined ? Number.NaN : Date.parse(expiry);
    return Number.isNaN(at) ? Number.POSITIVE_INFINITY : at;
  },
};
