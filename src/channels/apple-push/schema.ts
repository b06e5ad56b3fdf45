import { isObject } from '../../lib/raw/json.ts';
import { isEmpty } from '../../lib/raw/lenient.ts';
import type { Problems } from '../../lib/raw/problems.ts';
import { compact, Fields, isTemplate, type Templated } from '../fields.ts';
import { readExtra, toAllApps } from '../push/fields.ts';
import { readUri } from '../push/uris.ts';
import { type AppleButton, readAppleButtons } from './buttons.ts';

/** The object under `apple_push` in a request. Source: messaging-objects.md §3.1. */
export interface ApplePush {
  alert?: AppleAlert | undefined;
  badge?: Templated<number> | undefined;
  sound?: string | undefined;
  extra?: Record<string, unknown> | undefined;
  'content-available'?: Templated<boolean> | undefined;
  interruption_level?: Templated<InterruptionLevel> | undefined;
  relevance_score?: Templated<number> | undefined;
  expiry?: string | undefined;
  custom_uri?: string | undefined;
  use_webview?: Templated<boolean> | undefined;
  message_variation_id?: string | undefined;
  notification_group_thread_id?: string | undefined;
  asset_url?: string | undefined;
  asset_file_type?: Templated<AssetType> | undefined;
  collapse_id?: string | undefined;
  mutable_content?: Templated<boolean> | undefined;
  send_to_most_recent_device_only?: Templated<boolean> | undefined;
  category?: string | undefined;
  buttons?: AppleButton[] | undefined;
  apns_priority?: Templated<number> | undefined;
}

/** An alert. In a request, a text may be given for an alert with that body. */
export interface AppleAlert {
  body?: string | undefined;
  title?: string | undefined;
  title_loc_key?: string | undefined;
  title_loc_args?: string[] | undefined;
  action_loc_key?: string | undefined;
  loc_key?: string | undefined;
  loc_args?: string[] | undefined;
}

export const interruptionLevels = ['passive', 'active', 'time-sensitive', 'critical'] as const;
export type InterruptionLevel = (typeof interruptionLevels)[number];

export const assetTypes = ['aif', 'gif', 'jpg', 'm4a', 'mp3', 'mp4', 'png', 'wav'] as const;
export type AssetType = (typeof assetTypes)[number];

export const ranges = {
  badge: { min: 0 },
  relevance_score: { min: 0, max: 1 },
  apns_priority: { min: 1, max: 10 },
};
export const MAX_COLLAPSE_BYTES = 64;

const MAX_BYTES = 1_912;
const notCounted = new Set([
  'message_variation_id',
  'send_to_most_recent_device_only',
  'expiry',
  'collapse_id',
  'apns_priority',
]);

const elsewhere: ReadonlyMap<string, string> = new Map([['app_id', toAllApps]]);

export function parseApplePush(raw: Record<string, unknown>, path: string, problems: Problems): ApplePush {
  const fields = new Fields(raw, path, problems);
  fields.explain(elsewhere);
  const category = fields.text('category');
  const message = compact<ApplePush>({
    alert: readAlert(fields),
    badge: fields.integer('badge', ranges.badge),
    sound: fields.text('sound'),
    extra: readAppleExtra(fields),
    'content-available': fields.spelt(['content-available', 'content_available'], (key) => fields.flag(key)),
    interruption_level: fields.oneOf('interruption_level', interruptionLevels),
    relevance_score: fields.float('relevance_score', ranges.relevance_score),
    expiry: fields.date('expiry'),
    custom_uri: readUri(fields, 'custom_uri', 'app'),
    use_webview: fields.flag('use_webview'),
    message_variation_id: fields.text('message_variation_id'),
    notification_group_thread_id: fields.text('notification_group_thread_id'),
    asset_url: readUri(fields, 'asset_url', 'app'),
    asset_file_type: fields.oneOf('asset_file_type', assetTypes),
    collapse_id: readCollapseId(fields),
    mutable_content: fields.spelt(['mutable_content', 'mutable-content'], (key) => fields.flag(key)),
    send_to_most_recent_device_only: fields.flag('send_to_most_recent_device_only'),
    category,
    buttons: readAppleButtons(fields, category),
    apns_priority: fields.integer('apns_priority', ranges.apns_priority),
  });
  checkAlert(fields, message);
  if (message.asset_url !== undefined && message.asset_file_type === undefined) {
    fields.require('asset_file_type', `is required with asset_url: one of ${assetTypes.join(', ')}`);
  }
  checkPriority(fields, message);
  checkSize(fields, raw);
  return message;
}

function readAlert(fields: Fields): AppleAlert | undefined {
  if (!isObject(fields.get('alert'))) {
    const body = fields.text('alert');
    return body === undefined ? undefined : { body };
  }
  const alert = fields.object('alert');
  if (alert === undefined) return undefined;
  const read = compact<AppleAlert>({
    body: alert.text('body'),
    title: alert.text('title'),
    title_loc_key: alert.text('title_loc_key'),
    title_loc_args: alert.texts('title_loc_args'),
    action_loc_key: alert.text('action_loc_key'),
    loc_key: alert.text('loc_key'),
    loc_args: alert.texts('loc_args'),
  });
  return Object.keys(read).length === 0 ? undefined : read;
}

/** Whether an alert has a body, or the key of one of the app's own texts in its place. */
export function saysSomething(alert: AppleAlert | undefined): boolean {
  return (alert?.body ?? '').trim() !== '' || alert?.loc_key !== undefined;
}

function checkAlert(fields: Fields, message: ApplePush): void {
  const background = message['content-available'];
  if (background === true || typeof background === 'string' || saysSomething(message.alert)) return;
  const needed = isEmpty(fields.get('alert')) ? 'is required' : 'expected a text, or an object with body or loc_key,';
  fields.require('alert', `${needed} unless content-available is true`);
}

function readAppleExtra(fields: Fields): Record<string, unknown> | undefined {
  const extra = readExtra(fields);
  for (const key of ['ab', 'aps']) {
    if (extra !== undefined && Object.hasOwn(extra, key))
      fields.problems.add('range', `${fields.at('extra')}.${key}`, 'is reserved');
  }
  return extra;
}

function readCollapseId(fields: Fields): string | undefined {
  const id = fields.text('collapse_id');
  if (id !== undefined && !isTemplate(id) && Buffer.byteLength(id) > MAX_COLLAPSE_BYTES) {
    fields.problems.add('range', fields.at('collapse_id'), `expected at most ${MAX_COLLAPSE_BYTES} bytes`);
  }
  return id;
}

/** Whether the push shows and plays nothing. Such a push must not be urgent. */
export function isBackground(message: ApplePush): boolean {
  return (
    message['content-available'] === true &&
    message.alert === undefined &&
    message.badge === undefined &&
    message.sound === undefined
  );
}

function checkPriority(fields: Fields, message: ApplePush): void {
  const asked = message.apns_priority;
  if (isBackground(message) && typeof asked === 'number' && asked > 5) {
    fields.problems.warn(`${fields.at('apns_priority')}: a background push has at most 5; it was lowered`);
  }
}

function checkSize(fields: Fields, raw: Record<string, unknown>): void {
  const counted = Object.fromEntries(Object.entries(raw).filter(([key]) => !notCounted.has(key)));
  const bytes = Buffer.byteLength(JSON.stringify(counted));
  if (bytes > MAX_BYTES)
    fields.problems.add(
      'size',
      fields.path,
      `expected at most ${MAX_BYTES} bytes, got ${bytes}`,
      'apple_push_too_long',
    );
}
