import type { Problems } from '../../lib/raw/problems.ts';
import { compact, Fields, isTemplate, type Templated } from '../fields.ts';
import { type PushButton, readButtons } from '../push/buttons.ts';
import { MAX_TTL_S, readExtra, readPriority, toAllApps } from '../push/fields.ts';
import { readUri } from '../push/uris.ts';
import { type Conversation, readConversation } from './conversation.ts';

/** The object under `android_push` in a request. Source: messaging-objects.md §2.1. */
export interface AndroidPush {
  alert?: string | undefined;
  title?: string | undefined;
  extra?: Record<string, unknown> | undefined;
  message_variation_id?: string | undefined;
  notification_channel_id?: string | undefined;
  priority?: Templated<number> | undefined;
  android_priority?: Templated<'normal' | 'high'> | undefined;
  send_to_sync?: Templated<boolean> | undefined;
  collapse_key?: string | undefined;
  sound?: string | undefined;
  custom_uri?: string | undefined;
  use_webview?: Templated<boolean> | undefined;
  summary_text?: string | undefined;
  time_to_live?: Templated<number> | undefined;
  notification_id?: Templated<number> | undefined;
  push_icon_image_url?: string | undefined;
  accent_color?: Templated<number> | undefined;
  send_to_most_recent_device_only?: Templated<boolean> | undefined;
  buttons?: PushButton[] | undefined;
  conversation_data?: Conversation | undefined;
}

export const ranges = {
  time_to_live: { min: 0, max: MAX_TTL_S },
  notification_id: { min: -(2 ** 31), max: 2 ** 31 - 1 },
  accent_color: { min: -(2 ** 31), max: 2 ** 32 - 1 },
};

export const androidPriorities = ['normal', 'high'] as const;
export const buttonActions = ['OPEN_APP', 'URI', 'DEEP_LINK', 'CLOSE'] as const;

const elsewhere: ReadonlyMap<string, string> = new Map([
  ['badge', 'Android counts its notifications itself; what your app shall read stands in extra'],
  ['aps', 'that is of apple_push; what your app shall read stands in extra'],
  ['notification', 'title and alert stand directly in android_push'],
  ['app_id', toAllApps],
]);

const MAX_BYTES = 4_000;
const MAX_BUTTONS = 3;

export function parseAndroidPush(raw: Record<string, unknown>, path: string, problems: Problems): AndroidPush {
  const fields = new Fields(raw, path, problems);
  fields.explain(elsewhere);
  const message = compact<AndroidPush>({
    alert: fields.text('alert'),
    title: fields.text('title'),
    extra: readExtra(fields),
    message_variation_id: fields.text('message_variation_id'),
    notification_channel_id: fields.spelt(['notification_channel_id', 'notification_channel'], (key) =>
      fields.text(key),
    ),
    priority: readDisplayPriority(fields),
    android_priority: fields.oneOf('android_priority', androidPriorities),
    send_to_sync: fields.flag('send_to_sync'),
    collapse_key: fields.text('collapse_key'),
    sound: fields.text('sound'),
    custom_uri: readUri(fields, 'custom_uri', 'app'),
    use_webview: fields.flag('use_webview'),
    summary_text: fields.text('summary_text'),
    time_to_live: fields.integer('time_to_live', ranges.time_to_live),
    notification_id: fields.integer('notification_id', ranges.notification_id),
    push_icon_image_url: readUri(fields, 'push_icon_image_url', 'app'),
    accent_color: fields.integer('accent_color', ranges.accent_color),
    send_to_most_recent_device_only: fields.flag('send_to_most_recent_device_only'),
    buttons: firstButtons(fields, readButtons(fields, buttonActions, 'app')),
    conversation_data: readConversation(fields),
  });
  checkVisibility(fields, message);
  checkSize(fields, message);
  return message;
}

function readDisplayPriority(fields: Fields): Templated<number> | undefined {
  const raw = fields.get('priority');
  return typeof raw === 'string' && isTemplate(raw) ? raw : readPriority(fields);
}

/** A silent push must have no texts. A visible one needs both. */
function checkVisibility(fields: Fields, message: AndroidPush): void {
  for (const key of ['alert', 'title'] as const) {
    const text = message[key];
    if (message.send_to_sync === true) {
      if (text !== undefined) fields.problems.add('cross', fields.at(key), 'must be absent with send_to_sync');
    } else if (typeof message.send_to_sync !== 'string' && (text === undefined || text.trim() === '')) {
      fields.require(key, 'is required unless send_to_sync is true');
    }
  }
}

function checkSize(fields: Fields, { alert = '', extra }: AndroidPush): void {
  const bytes = Buffer.byteLength(alert) + (extra === undefined ? 0 : Buffer.byteLength(JSON.stringify(extra)));
  if (bytes <= MAX_BYTES) return;
  fields.problems.add(
    'size',
    fields.path,
    `alert and extra: expected at most ${MAX_BYTES} bytes, got ${bytes}`,
    'android_push_too_long',
  );
}

function firstButtons(fields: Fields, buttons: PushButton[] | undefined): PushButton[] | undefined {
  if (buttons === undefined || buttons.length <= MAX_BUTTONS) return buttons;
  fields.problems.warn(`${fields.at('buttons')}: only the first ${MAX_BUTTONS} of ${buttons.length} are used`);
  return buttons.slice(0, MAX_BUTTONS);
}
