import type { Problems } from '../../lib/raw/problems.ts';
import { compact, Fields, type Templated } from '../fields.ts';
import { type PushButton, readButtons } from '../push/buttons.ts';
import { MAX_TTL_S, readExtra, requiredText, toAllApps } from '../push/fields.ts';
import { readUri } from '../push/uris.ts';

/** The object under `web_push` in a request. Source: messaging-objects.md §5.1. */
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

/** The actions that a browser has; it has no `DEEP_LINK`. */
export const buttonActions = ['OPEN_APP', 'URI', 'CLOSE'] as const;

const elsewhere: ReadonlyMap<string, string> = new Map([['app_id', toAllApps]]);

export function parseWebPush(raw: Record<string, unknown>, path: string, problems: Problems): WebPush {
  const fields = new Fields(raw, path, problems);
  fields.explain(elsewhere);
  return compact({
    alert: requiredText(fields, 'alert'),
    title: requiredText(fields, 'title'),
    extra: readExtra(fields),
    message_variation_id: fields.text('message_variation_id'),
    custom_uri: readUri(fields, 'custom_uri', 'web'),
    image_url: readUri(fields, 'image_url', 'web'),
    large_image_url: readUri(fields, 'large_image_url', 'web'),
    require_interaction: fields.flag('require_interaction'),
    time_to_live: fields.integer('time_to_live', { min: 0, max: MAX_TTL_S }),
    send_to_most_recent_device_only: fields.flag('send_to_most_recent_device_only'),
    buttons: readButtons(fields, buttonActions, 'web'),
  });
}
