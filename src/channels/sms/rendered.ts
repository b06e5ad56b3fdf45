import type { SmsSegments } from './text/segments.ts';

/** One person's message, ready to be sent. */
export interface RenderedSms {
  body: string;
  media_urls: readonly string[];
  segments: SmsSegments;
}
