import { readFlag, readInteger } from '../../lib/lenient.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import type { RenderFacts } from '../channel.ts';
import { settle, settleRequired } from '../fields.ts';
import { settleButton } from '../push-buttons.ts';
import { MAX_TTL_S, payloadBytes, present } from '../push-fields.ts';
import type { AndroidPush } from './schema.ts';

export interface RenderedAndroidPush {
  title: string | null;
  body: string | null;
  /** FCM's `message` without its token. Source: messaging-objects.md 2.3, data style. */
  message: { data: Record<string, string>; android: Record<string, string> };
}

const MAX_DATA_BYTES = 4_096;
const actions: Readonly<Record<string, string>> = {
  OPEN_APP: 'ab_open',
  URI: 'ab_uri',
  DEEP_LINK: 'ab_uri',
  CLOSE: 'ab_none',
};

export function renderAndroidPush(message: AndroidPush, facts: RenderFacts): RenderedAndroidPush {
  const silent = settle('send_to_sync', message.send_to_sync, readFlag) ?? false;
  const title = silent ? undefined : settleRequired('title', message.title);
  const body = silent ? undefined : settleRequired('alert', message.alert);
  const integer = (key: 'notification_id' | 'accent_color' | 'time_to_live') => settle(key, message[key], readInteger);
  const webview = settle('use_webview', message.use_webview, readFlag);
  const data = present({
    _ab: 'true',
    cid: facts.campaignId ?? facts.dispatchId,
    mid: facts.dispatchId,
    t: title,
    a: body,
    s: message.summary_text,
    uri: message.custom_uri,
    ab_use_webview: message.custom_uri === undefined ? undefined : String(webview ?? false),
    p: message.priority === undefined ? undefined : String(message.priority),
    sd: message.sound === 'default' ? 'd' : message.sound,
    ab_nc: message.notification_channel_id,
    n: textOf(integer('notification_id')),
    ac: textOf(integer('accent_color')),
    ab_li: message.push_icon_image_url,
    extra: message.extra === undefined ? undefined : JSON.stringify(message.extra),
    ...buttons(message),
    ...conversation(message),
  });
  if (payloadBytes(data) > MAX_DATA_BYTES)
    throw new RenderStop('payload_too_large', `data: more than ${MAX_DATA_BYTES} bytes`);
  const priority = message.android_priority ?? (silent ? 'normal' : 'high');
  if (priority !== 'normal' && priority !== 'high')
    throw new RenderStop('aborted', 'android_priority: expected normal or high after rendering');
  const android = present({
    priority: priority.toUpperCase(),
    ttl: `${integer('time_to_live') ?? MAX_TTL_S}s`,
    collapse_key: message.collapse_key,
  });
  return { title: title ?? null, body: body ?? null, message: { data, android } };
}

function textOf(number: number | undefined): string | undefined {
  return number === undefined ? undefined : String(number);
}

function buttons(message: AndroidPush): Record<string, string> {
  const members = (message.buttons ?? []).map(settleButton).map(({ text, action, uri, useWebview }, index) => {
    const known = actions[action];
    if (known === undefined) throw new RenderStop('aborted', `buttons[${index}].action: unknown after rendering`);
    return present({
      [`ab_a${index}_a`]: known,
      [`ab_a${index}_id`]: String(index),
      [`ab_a${index}_t`]: settleRequired(`buttons[${index}].text`, text),
      [`ab_a${index}_uri`]: uri,
      [`ab_a${index}_use_webview`]: uri === undefined ? undefined : String(useWebview),
    });
  });
  return Object.assign({}, ...members);
}

function conversation({ conversation_data }: AndroidPush): Record<string, string> {
  if (conversation_data === undefined) return {};
  const messages = conversation_data.messages.map(({ text, person_id }, index) => ({
    [`ab_c_mt${index}`]: text,
    [`ab_c_pi${index}`]: person_id,
  }));
  return Object.assign(
    { ab_c_si: conversation_data.shortcut_id, ab_c_rpi: conversation_data.reply_person_id },
    ...messages,
    { conversation_data: JSON.stringify(conversation_data) },
  );
}
