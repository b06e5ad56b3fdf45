import { elementPath, isObject, own } from '../../lib/raw/json.ts';
import { isGiven } from '../../lib/raw/lenient.ts';
import type { Problems } from '../../lib/raw/problems.ts';
import { compact, Fields, isTemplate, type Templated } from '../fields.ts';
import { countSegments } from './segments.ts';

/** The object under `sms` in a request. Source: messaging-objects.md §7.1. */
export interface SmsMessage {
  subscription_group_id: string;
  body: string;
  app_id: string;
  message_variation_id?: string | undefined;
  media_items?: string[] | undefined;
  link_shortening_enabled?: Templated<boolean> | undefined;
  user_click_tracking_enabled?: Templated<boolean> | undefined;
}

export const MAX_CHARACTERS = 1_600;
const MAX_SEGMENTS = 10;
/** Media that are checked. Only the first is used. */
export const MOST_MEDIA = 10;

export function parseSms(raw: Record<string, unknown>, path: string, problems: Problems): SmsMessage {
  const fields = new Fields(raw, path, problems);
  const required = (key: string) => {
    const text = fields.text(key);
    if (text === undefined) fields.require(key);
    return text ?? '';
  };
  const media_items = readMedia(fields);
  const message = compact({
    subscription_group_id: required('subscription_group_id'),
    body: fields.get('body') === '' && hasMedia({ media_items }) ? '' : required('body'),
    app_id: required('app_id'),
    message_variation_id: fields.text('message_variation_id'),
    media_items,
    link_shortening_enabled: fields.flag('link_shortening_enabled'),
    user_click_tracking_enabled: fields.flag('user_click_tracking_enabled'),
  });
  checkLinks(fields, message);
  if (!isTemplate(message.body) && message.link_shortening_enabled !== true) {
    const problem = lengthProblem(message.body);
    if (problem !== null) problems.add('size', fields.at('body'), problem);
  }
  return message;
}

/** Whether the message has media, without which its text must not be blank. */
export function hasMedia({ media_items }: Pick<SmsMessage, 'media_items'>): boolean {
  return media_items !== undefined && media_items.length > 0;
}

/** The problem with a text's length, in characters or segments. null: none. */
export function lengthProblem(body: string): string | null {
  const characters = [...body].length;
  if (characters > MAX_CHARACTERS) return `expected at most ${MAX_CHARACTERS} characters, got ${characters}`;
  const { count } = countSegments(body);
  return count > MAX_SEGMENTS ? `expected at most ${MAX_SEGMENTS} segments, got ${count}` : null;
}

function checkLinks(fields: Fields, message: SmsMessage): void {
  const shortens = message.link_shortening_enabled;
  if (message.user_click_tracking_enabled === true && shortens !== true && typeof shortens !== 'string')
    fields.problems.warn(
      `${fields.at('user_click_tracking_enabled')}: needs link_shortening_enabled beside it; it was ignored`,
    );
  if (shortens === true)
    fields.problems.warn(
      `${fields.at('link_shortening_enabled')}: links are not shortened by this server; they were left as they are`,
    );
}

/** Reads a URL, `{"url": …}` or an array of either. Only the first URL is used. */
function readMedia(fields: Fields): string[] | undefined {
  const raw = fields.get('media_items');
  if (!isGiven(raw)) return undefined;
  const list: unknown[] = Array.isArray(raw) ? raw : [raw];
  const urls = list
    .slice(0, MOST_MEDIA)
    .flatMap((item, index) => readMediaUrl(fields, item, elementPath(fields.at('media_items'), index)));
  if (urls.length > 1) fields.problems.warn(`${fields.at('media_items')}: only the first of ${list.length} is used`);
  return urls.slice(0, 1);
}

function readMediaUrl(fields: Fields, item: unknown, path: string): string[] {
  const url = isObject(item) ? (own(item, 'url') ?? item) : item;
  if (typeof url !== 'string') {
    fields.problems.add('type', path, 'expected a URL');
    return [];
  }
  const isWeb = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  if (!isTemplate(url) && !isWeb) fields.problems.add('range', path, 'expected an http or https URL');
  return [url];
}
