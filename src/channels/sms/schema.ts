import { elementPath, isObject, own } from '../../lib/raw/json.ts';
import { isGiven } from '../../lib/raw/lenient.ts';
import type { Problems } from '../../lib/raw/problems.ts';
import { compact, Fields, isTemplate, type Templated } from '../fields.ts';
import { charactersProblem } from './text/length.ts';

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

/** Most files of a message. Source: messaging-objects.md §7.4. */
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
  if (!isTemplate(message.body)) {
    const problem = charactersProblem(message.body);
    if (problem !== null) problems.add('size', fields.at('body'), problem);
  }
  return message;
}

/** Whether the message has media, without which its text must not be blank. */
export function hasMedia({ media_items }: Pick<SmsMessage, 'media_items'>): boolean {
  return media_items !== undefined && media_items.length > 0;
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

/** Reads a URL, `{"url": …}` or an array of either. */
function readMedia(fields: Fields): string[] | undefined {
  const raw = fields.get('media_items');
  if (!isGiven(raw)) return undefined;
  const list: unknown[] = Array.isArray(raw) ? raw : [raw];
  if (list.length > MOST_MEDIA)
    fields.problems.add('size', fields.at('media_items'), `expected at most ${MOST_MEDIA} files, got ${list.length}`);
  return list
    .slice(0, MOST_MEDIA)
    .flatMap((item, index) => readMediaUrl(fields, item, elementPath(fields.at('media_items'), index)));
}

function readMediaUrl(fields: Fields, item: unknown, path: string): string[] {
  const url = isObject(item) ? (own(item, 'url') ?? item) : item;
  if (typeof url !== 'string') {
    fields.problems.add('type', path, 'expected a URL');
    return [];
  }
  if (!isTemplate(url) && !isWebUrl(url)) fields.problems.add('range', path, 'expected an http or https URL');
  return [url];
}

export function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
