import { createHash, type KeyObject } from 'node:crypto';
import { saidText } from '../../channels/answers/provider-words.ts';
import { useOfReturnPath } from '../../channels/email/return-path.ts';
import { isObject, type RawObject } from '../../lib/raw/json.ts';
import type { FeedbackEvent } from '../event.ts';
import { readReference, type SendReference } from '../reference.ts';

/** A webhook of a mail service, as it came. */
export interface EventRequest {
  headers: Readonly<Record<string, string | string[] | undefined>>;
  rawBody: Buffer;
  now: Date;
  /** Reads our references. */
  secret: KeyObject;
}

/** The events of a webhook, or why it has no effect. `refused`: for operators, without anything that the caller sent. */
export type ReadEvents = { events: FeedbackEvent[] } | { refused: string };

/** How old a webhook may be whose service names no limit, in milliseconds. Repetitions are recognised for longer. */
export const OLDEST_MS = 7 * 86_400_000;

export function isStale(at: Date, now: Date, oldestMs = OLDEST_MS): boolean {
  const ageMs = now.getTime() - at.getTime();
  return Number.isNaN(ageMs) || ageMs > oldestMs || ageMs < -oldestMs;
}

/** An event of a mail, with the usual values for what is not given. */
export function mailEvent(
  given: Pick<FeedbackEvent, 'eventId' | 'kind' | 'occurredAt' | 'provider'> & Partial<FeedbackEvent>,
): FeedbackEvent {
  const { text, code, address } = given;
  return {
    ...{ channel: 'email', send: null, providerMessageId: null, detail: {} },
    ...given,
    code: code === null || code === undefined || code === '' ? null : code.slice(0, 100),
    text: text === null || text === undefined ? null : saidText(text),
    address: address === null || address === undefined || address === '' ? null : address.trim().toLowerCase(),
  };
}

/** The send that the first good reference names. A text may be a reference or an address that holds one. */
export function sendNamedBy(secret: KeyObject, texts: readonly unknown[]): SendReference | null {
  for (const text of texts) {
    if (typeof text !== 'string' || text.length > 500) continue;
    const use = text.includes('@') ? useOfReturnPath(text.replace(/^.*<|>.*$/g, '')) : { reference: text.trim() };
    const send = use === null || use === 'complaints' ? null : readReference(secret, use.reference);
    if (send !== null) return send;
  }
  return null;
}

export function textOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

export function objectIn(value: unknown): RawObject {
  return isObject(value) ? value : {};
}

export function listIn(value: unknown): RawObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** A time in seconds since 1970, or as ISO text. Otherwise an invalid date, which counts as now. */
export function timeOf(value: unknown): Date {
  if (typeof value === 'number') return new Date(value * 1_000);
  return typeof value === 'string'
    ? new Date(/^\d{9,11}$/.test(value) ? Number(value) * 1_000 : value)
    : new Date(Number.NaN);
}

/** An id for an event to which its service gives none. */
export function hashedId(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 40);
}
