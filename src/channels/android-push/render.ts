import { readFlag, readInteger } from '../../lib/raw/lenient.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import type { Measures, RenderFacts } from '../channel.ts';
import { readRendered, readRenderedNumber, requireText } from '../fields.ts';
import { readRenderedButton } from '../push/buttons.ts';
import { given, MAX_TTL_S, payloadBytes, present, priorityOf } from '../push/fields.ts';
import { renderedUri } from '../push/uris.ts';
import { type AndroidPush, ranges } from './schema.ts';

export interface RenderedAndroidPush {
  title: string | null;
  body: string | null;
  /** FCM's `message` without its token and `mid`, which belong to one attempt. Source: messaging-objects.md §2.3. */
  message: { data: Record<string, string>; android: Record<string, string> };
}

export const MAX_DATA_BYTES = 4_096;
/** Size of the key `mid` and its UUID, which are added when the message is sent. */
const MID_BYTES = 3 + 36;
const actions: Readonly<Record<string, string>> = {
  OPEN_APP: 'ab_open',
  URI: 'ab_uri',
  DEEP_LINK: 'ab_uri',
  CLOSE: 'ab_none',
};

export function renderAndroidPush(message: AndroidPush, facts: RenderFacts): RenderedAndroidPush {
  const silent = readRendered('send_to_sync', message.send_to_sync, readFlag) ?? false;
  const title = silent ? undefined : requireText('title', message.title);
  const body = silent ? undefined : requireText('alert', message.alert);
  const data = dataOf(message, { t: title, a: body, cid: facts.campaignId ?? facts.dispatchId });
  if (payloadBytes(data) + MID_BYTES > MAX_DATA_BYTES)
    throw new RenderStop('payload_too_large', `data: more than ${MAX_DATA_BYTES} bytes`);
  const android = present({
    priority: transportPriority(message.android_priority, silent),
    ttl: `${readRenderedNumber('time_to_live', message.time_to_live, readInteger, ranges.time_to_live) ?? MAX_TTL_S}s`,
    collapse_key: given(message.collapse_key),
  });
  return { title: title ?? null, body: body ?? null, message: { data, android } };
}

function dataOf(message: AndroidPush, { cid, t, a }: { cid: string; t?: string | undefined; a?: string | undefined }) {
  const integer = (key: 'notification_id' | 'accent_color') =>
    textOf(readRenderedNumber(key, message[key], readInteger, ranges[key]));
  const uri = renderedUri('custom_uri', message.custom_uri, 'app');
  const webview = readRendered('use_webview', message.use_webview, readFlag) ?? (uri === undefined ? undefined : false);
  return present({
    _ab: 'true',
    cid,
    t,
    a,
    s: given(message.summary_text),
    uri,
    ab_use_webview: webview === undefined ? undefined : String(webview),
    p: textOf(priorityOf(message.priority)),
    sd: message.sound === 'default' ? 'd' : given(message.sound),
    ab_nc: given(message.notification_channel_id),
    n: integer('notification_id'),
    ac: integer('accent_color'),
    ab_li: renderedUri('push_icon_image_url', message.push_icon_image_url, 'app'),
    extra: message.extra === undefined ? undefined : JSON.stringify(message.extra),
    ...buttons(message),
    ...conversation(message),
  });
}

/** Delivery priority. Default: high for a visible push, normal for a silent one. */
function transportPriority(asked: string | undefined, silent: boolean): string {
  const priority = given(asked?.trim()) ?? (silent ? 'normal' : 'high');
  if (priority !== 'normal' && priority !== 'high')
    throw new RenderStop('aborted', 'android_priority: expected normal or high after rendering');
  return priority.toUpperCase();
}

function textOf(number: number | undefined): string | undefined {
  return number === undefined ? undefined : String(number);
}

function buttons(message: AndroidPush): Record<string, string> {
  const members = (message.buttons ?? []).map(readRenderedButton).map(({ text, action, uri, useWebview }, index) => {
    const known = actions[action];
    if (known === undefined) throw new RenderStop('aborted', `buttons[${index}].action: unknown after rendering`);
    return present({
      [`ab_a${index}_a`]: known,
      [`ab_a${index}_id`]: String(index),
      [`ab_a${index}_t`]: requireText(`buttons[${index}].text`, text),
      [`ab_a${index}_uri`]: renderedUri(`buttons[${index}].uri`, uri, 'app'),
      [`ab_a${index}_use_webview`]: given(uri) === undefined ? undefined : String(useWebview),
    });
  });
  return Object.assign({}, ...members);
}

function conversation({ conversation_data }: AndroidPush): Record<string, string> {
  if (conversation_data === undefined) return {};
  const messages = conversation_data.messages.map(({ text, timestamp, person_id }, index) => ({
    text,
    timestamp: readRendered(`conversation_data.messages[${index}].timestamp`, timestamp, readInteger),
    person_id,
  }));
  const flat = messages.map(({ text, person_id }, index) => ({
    [`ab_c_mt${index}`]: text,
    [`ab_c_pi${index}`]: person_id,
  }));
  return Object.assign(
    { ab_c_si: conversation_data.shortcut_id, ab_c_rpi: conversation_data.reply_person_id },
    ...flat,
    { conversation_data: JSON.stringify({ ...conversation_data, messages }) },
  );
}

/** What the provider counts. */
export function measureAndroidPush({ message }: Pick<RenderedAndroidPush, 'message'>): Measures {
  return { bytes: payloadBytes(message.data) + MID_BYTES, mostBytes: MAX_DATA_BYTES };
}
