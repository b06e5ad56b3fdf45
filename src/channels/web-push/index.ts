import { readFlag, readInteger } from '../../lib/lenient.ts';
import type { Problems } from '../../lib/problems.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import type { Channel, RenderFacts } from '../channel.ts';
import { compact, Fields, settle, settleRequired, type Templated } from '../fields.ts';
import { type PushButton, readButtons, settleButton } from '../push-buttons.ts';
import { MAX_TTL_S, readExtra, requiredText } from '../push-fields.ts';

/** What a caller may send. Source: messaging-objects.md 5.1. */
export interface WebPush {
  alert: string;
  title: string;
  extra?: Record<string, unknown> | undefined;
  message_variation_id?: string | undefined;
  custom_uri?: string | undefined;
  image_url?: string | undefined;
  large_image_url?: string | undefined;
  require_interaction?: Templated<boolean> | undefined;
  time_to_live?: Templated<number> | undefined;
  send_to_most_recent_device_only?: Templated<boolean> | undefined;
  buttons?: PushButton[] | undefined;
}

export interface RenderedWebPush {
  title: string;
  body: string;
  /** The plain text of what is encrypted for the browser. */
  payload: Record<string, unknown>;
  headers: { TTL: string; Urgency: string };
}

const MAX_PAYLOAD_BYTES = 3_993; // 4,096 of one record, less header, tag and delimiter

export const webPush: Channel<WebPush, RenderedWebPush> = {
  key: 'web_push',
  variationChannel: 'web_push',
  address: { kind: 'push', platform: 'web' },
  neverTemplates: new Set(['message_variation_id']),
  parse: parseWebPush,
  references: ({ message_variation_id }) => ({ messageVariationId: message_variation_id }),
  mostRecentDeviceOnly: ({ send_to_most_recent_device_only }) => send_to_most_recent_device_only === true,
  render: renderWebPush,
};

function parseWebPush(raw: Record<string, unknown>, path: string, problems: Problems): WebPush {
  const fields = new Fields(raw, path, problems);
  return compact({
    alert: requiredText(fields, 'alert'),
    title: requiredText(fields, 'title'),
    extra: readExtra(fields),
    message_variation_id: fields.text('message_variation_id'),
    custom_uri: fields.text('custom_uri'),
    image_url: fields.text('image_url'),
    large_image_url: fields.text('large_image_url'),
    require_interaction: fields.flag('require_interaction'),
    time_to_live: fields.integer('time_to_live', { min: 0, max: MAX_TTL_S }),
    send_to_most_recent_device_only: fields.flag('send_to_most_recent_device_only'),
    buttons: readButtons(fields, ['OPEN_APP', 'URI', 'CLOSE']),
  });
}

function renderWebPush(message: WebPush, facts: RenderFacts): RenderedWebPush {
  const title = settleRequired('title', message.title);
  const body = settleRequired('alert', message.alert);
  const buttons = message.buttons?.map(settleButton).map(({ text, action, uri }) => compact({ text, action, uri }));
  const payload = compact<Record<string, unknown>>({
    id: facts.campaignId ?? facts.dispatchId,
    title,
    body,
    url: message.custom_uri,
    icon: message.image_url,
    image: message.large_image_url,
    require_interaction: settle('require_interaction', message.require_interaction, readFlag),
    extra: message.extra,
    buttons,
  });
  if (Buffer.byteLength(JSON.stringify(payload)) > MAX_PAYLOAD_BYTES) {
    throw new RenderStop('payload_too_large', `payload: more than ${MAX_PAYLOAD_BYTES} bytes`);
  }
  const ttl = settle('time_to_live', message.time_to_live, readInteger) ?? MAX_TTL_S;
  return { title, body, payload, headers: { TTL: String(ttl), Urgency: 'normal' } };
}
