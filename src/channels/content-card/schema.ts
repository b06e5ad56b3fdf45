import type { Problems } from '../../lib/raw/problems.ts';
import { compact, Fields, isTemplate, type Templated } from '../fields.ts';
import { asText, readExtra } from '../push/fields.ts';
import { readUri } from '../push/uris.ts';

/** The object under `content_card` in a request. Source: messaging-objects.md §10.1. */
export interface ContentCard {
  type: Templated<CardType>;
  title?: string | undefined;
  description?: string | undefined;
  message_variation_id?: string | undefined;
  pinned?: Templated<boolean> | undefined;
  image_url?: string | undefined;
  time_to_live?: Templated<number> | undefined;
  expire_at?: string | undefined;
  expire_in_local_time?: Templated<boolean> | undefined;
  ios_uri?: string | undefined;
  android_uri?: string | undefined;
  web_uri?: string | undefined;
  ios_use_webview?: Templated<boolean> | undefined;
  android_use_webview?: Templated<boolean> | undefined;
  uri_text?: string | undefined;
  extra?: Record<string, unknown> | undefined;
}

export const cardTypes = ['CLASSIC', 'CAPTIONED_IMAGE', 'BANNER'] as const;
export type CardType = (typeof cardTypes)[number];

const DAY_MS = 86_400_000;
export const MAX_TTL_S = 2_592_000; // 30 days
export const LOCAL_SLACK_MS = 14 * 3_600_000; // the largest offset of a time zone
export const MAX_CARD_BYTES = 2_048;

export function parseContentCard(
  raw: Record<string, unknown>,
  path: string,
  problems: Problems,
  now: Date,
): ContentCard {
  const fields = new Fields(raw, path, problems);
  const type = fields.requiredOneOf('type', cardTypes);
  const message = compact<ContentCard>({
    type: type ?? 'CLASSIC',
    title: fields.get('title') === '' ? '' : fields.text('title'),
    description: fields.text('description'),
    message_variation_id: fields.text('message_variation_id'),
    pinned: fields.flag('pinned'),
    image_url: readUri(fields, 'image_url', 'web'),
    time_to_live: fields.integer('time_to_live', { min: 1, max: MAX_TTL_S }),
    expire_at: fields.date('expire_at'),
    expire_in_local_time: fields.flag('expire_in_local_time'),
    ios_uri: readUri(fields, 'ios_uri', 'app'),
    android_uri: readUri(fields, 'android_uri', 'app'),
    web_uri: readUri(fields, 'web_uri', 'web'),
    ios_use_webview: fields.flag('ios_use_webview'),
    android_use_webview: fields.flag('android_use_webview'),
    uri_text: fields.text('uri_text'),
    extra: readExtra(fields),
  });
  checkContent(fields, message);
  checkLifetime(fields, message, now);
  checkSize(fields, message);
  return message;
}

function checkContent(fields: Fields, message: ContentCard): void {
  const isBlank = (text: string | undefined) => text === undefined || text.trim() === '';
  if (message.type === 'CLASSIC' || message.type === 'CAPTIONED_IMAGE') {
    if (message.title === undefined) fields.require('title');
    if (isBlank(message.description)) fields.require('description');
  }
  if ((message.type === 'CAPTIONED_IMAGE' || message.type === 'BANNER') && isBlank(message.image_url)) {
    fields.require('image_url', `is required for ${message.type}`);
  }
}

function checkLifetime(
  fields: Fields,
  { time_to_live, expire_at, expire_in_local_time }: ContentCard,
  now: Date,
): void {
  if (expire_at === undefined) {
    if (time_to_live === undefined) fields.require('time_to_live', 'time_to_live or expire_at is required');
    return;
  }
  if (time_to_live !== undefined) fields.problems.warn(`${fields.at('time_to_live')}: expire_at is used instead`);
  if (isTemplate(expire_at)) return;
  const isLocal = expire_in_local_time === true || typeof expire_in_local_time === 'string';
  const aheadMs = Date.parse(expire_at) - now.getTime();
  if (aheadMs > 30 * DAY_MS + (isLocal ? LOCAL_SLACK_MS : 0))
    fields.problems.add('range', fields.at('expire_at'), 'expected at most 30 days ahead');
  if (aheadMs <= 0 && !isLocal) fields.problems.add('range', fields.at('expire_at'), 'is in the past');
}

/** A card that is kept would no longer be sendable after a fixed time. */
export function checkKeepable({ expire_at }: ContentCard, path: string, problems: Problems): void {
  if (expire_at === undefined || isTemplate(expire_at)) return;
  const reason = 'expected a template, or time_to_live in its place: the campaign would end with a fixed time';
  problems.add('required', `${path}.expire_at`, reason);
}

function checkSize(fields: Fields, message: ContentCard): void {
  const counted = countedTexts(message);
  if (counted.some(isTemplate)) return; // the size is known only after rendering
  const bytes = bytesOf(counted);
  if (bytes > MAX_CARD_BYTES)
    fields.problems.add('size', fields.path, `expected at most ${MAX_CARD_BYTES} bytes, got ${bytes}`);
}

/** The texts that count towards a card's size. */
export function countedTexts(card: Omit<ContentCard, 'type'>): string[] {
  const texts = [
    card.title,
    card.description,
    card.image_url,
    card.uri_text,
    card.ios_uri,
    card.android_uri,
    card.web_uri,
  ];
  const extra = Object.entries(card.extra ?? {}).flatMap(([name, value]) => [name, asText(value)]);
  return [...texts.filter((text) => text !== undefined), ...extra];
}

export function bytesOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}
