import { readFlag, readInteger } from '../../lib/raw/lenient.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import type { Measures, RenderFacts } from '../channel.ts';
import { compact, readRendered, requireText } from '../fields.ts';
import { type PushButton, readRenderedButton } from '../push/buttons.ts';
import { given, MAX_TTL_S } from '../push/fields.ts';
import { renderedUri } from '../push/uris.ts';
import { buttonActions, type WebPush } from './schema.ts';

export interface RenderedWebPush {
  title: string;
  body: string;
  /** The payload that is encrypted for the browser. */
  payload: WebPushPayload;
  headers: { TTL: string; Urgency: string };
}

/**
 * The payload that our service worker reads (`src/sdk/web-push-sw.js`). Source: messaging-objects.md §5.1;
 * docs/web-push.md.
 */
export interface WebPushPayload {
  /** The id of the campaign, else of the dispatch. */
  id: string;
  title: string;
  body: string;
  url?: string | undefined;
  icon?: string | undefined;
  image?: string | undefined;
  require_interaction?: boolean | undefined;
  extra?: Record<string, unknown> | undefined;
  buttons?: { text: string; action: string; uri?: string | undefined }[] | undefined;
}

/** One record's 4,096 bytes, less its header, tag and delimiter. */
export const MAX_PAYLOAD_BYTES = 3_993;

export function renderWebPush(message: WebPush, facts: RenderFacts): RenderedWebPush {
  const title = requireText('title', message.title);
  const body = requireText('alert', message.alert);
  const payload = compact<WebPushPayload>({
    id: facts.campaignId ?? facts.dispatchId,
    title,
    body,
    url: renderedUri('custom_uri', message.custom_uri, 'web'),
    icon: renderedUri('image_url', message.image_url, 'web'),
    image: renderedUri('large_image_url', message.large_image_url, 'web'),
    require_interaction: readRendered('require_interaction', message.require_interaction, readFlag),
    extra: message.extra,
    buttons: message.buttons?.map(renderButton),
  });
  if (Buffer.byteLength(JSON.stringify(payload)) > MAX_PAYLOAD_BYTES) {
    throw new RenderStop('payload_too_large', `payload: more than ${MAX_PAYLOAD_BYTES} bytes`);
  }
  return { title, body, payload, headers: { TTL: String(readRenderedTtl(message.time_to_live)), Urgency: 'normal' } };
}

/** Checks a button again, because its members may have been templates at the request. */
function renderButton(button: PushButton, index: number) {
  const path = `buttons[${index}]`;
  requireText(`${path}.text`, button.text);
  const { text, uri, action: named } = readRenderedButton(button);
  const action = given(named) ?? 'OPEN_APP';
  if (!buttonActions.some((known) => known === action)) {
    throw new RenderStop('aborted', `${path}.action: expected one of ${buttonActions.join(', ')} after rendering`);
  }
  if (action === 'URI') requireText(`${path}.uri`, uri);
  return compact({ text, action, uri: renderedUri(`${path}.uri`, uri, 'web') });
}

function readRenderedTtl(value: WebPush['time_to_live']): number {
  const ttl = readRendered('time_to_live', value, readInteger) ?? MAX_TTL_S;
  if (ttl >= 0 && ttl <= MAX_TTL_S) return ttl;
  throw new RenderStop('aborted', `time_to_live: expected 0 to ${MAX_TTL_S} after rendering`);
}

/** What the provider counts. */
export function measureWebPush({ payload }: Pick<RenderedWebPush, 'payload'>): Measures {
  return { bytes: Buffer.byteLength(JSON.stringify(payload)), mostBytes: MAX_PAYLOAD_BYTES };
}
