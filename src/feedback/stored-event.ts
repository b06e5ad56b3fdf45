import { createHash } from 'node:crypto';
import { plainText } from '../db/plain-text.ts';
import type { SendKey } from '../dispatch/ledger/send.ts';
import { dashed } from '../lib/uuid.ts';
import type { FeedbackEvent } from './event.ts';

const DAY_MS = 86_400_000;
/** Days for which a repetition of an event is recognised whenever it comes. Providers repeat for up to 7 days. */
const RECOGNISED_DAYS = 8;
const MOST_DETAIL_BYTES = 8_192;
const MOST_NAME = 500;

/** An event as it is stored. */
export interface StoredEvent {
  id: string;
  workspaceId: number;
  event: FeedbackEvent;
  /** null: no reference, or one of another workspace. */
  send: SendKey | null;
  occurredAt: Date;
  receivedAt: Date;
  detail: string;
  sizeBytes: number;
}

/** Brings an event into the form in which it is stored. Never throws: what cannot be stored is cut or left out. */
export function storedEvent(workspaceId: number, event: FeedbackEvent, now: Date): StoredEvent {
  const send = event.send?.workspaceId === workspaceId ? event.send : null;
  const occurredAt = possibleTime(event.occurredAt, now);
  const detail = detailOf(event);
  return {
    id: idOf(workspaceId, event, dayOf(send?.dispatchId ?? null, occurredAt, now)),
    ...{ workspaceId, event, send, occurredAt, receivedAt: now, detail },
    sizeBytes: detail.length + (event.text?.length ?? 0) + 500,
  };
}

/** Nothing happens in the future: clocks differ. */
function possibleTime(time: Date, now: Date): Date {
  const ms = time.getTime();
  return Number.isNaN(ms) || ms > now.getTime() || ms < 0 ? now : time;
}

/**
 * The day under which an event is stored. It is the same for each repetition: that of its dispatch, else that on which it
 * happened. What is older than providers repeat is stored under the day of receipt.
 */
function dayOf(dispatchId: string | null, occurredAt: Date, now: Date): number {
  const stable =
    dispatchId === null ? occurredAt.getTime() : Number.parseInt(dispatchId.replace('-', '').slice(0, 12), 16);
  const isRecent = stable > now.getTime() - RECOGNISED_DAYS * DAY_MS && stable <= now.getTime();
  return Math.floor((isRecent ? stable : now.getTime()) / DAY_MS) * DAY_MS;
}

/** A UUIDv7 whose time is of the day, so that partitions apply, and whose other bits are a hash of the event's name. */
function idOf(workspaceId: number, { provider, eventId }: FeedbackEvent, dayMs: number): string {
  const name = JSON.stringify([workspaceId, provider, eventId]);
  const hash = createHash('sha256').update(name).digest();
  const time = dayMs + (hash.readUInt32BE(0) % DAY_MS);
  const rest = hash.toString('hex', 4);
  return dashed(`${time.toString(16).padStart(12, '0')}7${rest.slice(0, 3)}8${rest.slice(3, 18)}`);
}

function detailOf({ detail }: FeedbackEvent): string {
  // PostgreSQL's json takes \u0000 and half surrogate pairs, but cannot give them out as text.
  const text = JSON.stringify(detail, (_key, value: unknown) => (typeof value === 'string' ? clean(value) : value));
  return Buffer.byteLength(text) <= MOST_DETAIL_BYTES ? text : JSON.stringify({ left_out: 'more than 8 KiB' });
}

function clean(text: string): string {
  return text.toWellFormed().replaceAll('\0', ' ');
}

/** A name of a provider as a text that PostgreSQL takes. */
export function name(text: string): string;
export function name(text: string | null): string | null;
export function name(text: string | null): string | null {
  return text === null ? null : clean(text).slice(0, MOST_NAME);
}

export function words(text: string | null): string | null {
  return text === null ? null : plainText(text);
}
