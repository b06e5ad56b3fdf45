import type { Problems } from '../../lib/problems.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import type { Channel, RenderFacts } from '../channel.ts';
import { compact, Fields, isTemplate, settleRequired } from '../fields.ts';
import { asText, payloadBytes, present, readExtra, readPriority, requiredText } from '../push-fields.ts';

/** What a caller may send. Source: messaging-objects.md 4.1. */
export interface KindlePush {
  alert: string;
  title: string;
  extra?: Record<string, unknown> | undefined;
  message_variation_id?: string | undefined;
  priority?: number | undefined;
  collapse_key?: string | undefined;
  sound?: string | undefined;
  custom_uri?: string | undefined;
}

export interface RenderedKindlePush {
  title: string;
  body: string;
  /** The body of ADM's request. Source: messaging-objects.md 4.3. */
  message: { data: Record<string, string>; consolidationKey?: string; expiresAfter: number };
}

const MAX_DATA_BYTES = 6_144;
const MAX_COLLAPSE_KEY = 64;
const EXPIRES_AFTER_S = 2_678_400; // 31 days

export const kindlePush: Channel<KindlePush, RenderedKindlePush> = {
  key: 'kindle_push',
  variationChannel: 'kindle_push',
  address: { kind: 'push', platform: 'kindle' },
  neverTemplates: new Set(['message_variation_id']),
  parse: parseKindlePush,
  references: ({ message_variation_id }) => ({ messageVariationId: message_variation_id }),
  render: renderKindlePush,
};

function parseKindlePush(raw: Record<string, unknown>, path: string, problems: Problems): KindlePush {
  const fields = new Fields(raw, path, problems);
  const collapse_key = fields.text('collapse_key');
  if (collapse_key !== undefined && !isTemplate(collapse_key) && collapse_key.length > MAX_COLLAPSE_KEY) {
    problems.add('range', fields.at('collapse_key'), `expected at most ${MAX_COLLAPSE_KEY} characters`);
  }
  return compact({
    alert: requiredText(fields, 'alert'),
    title: requiredText(fields, 'title'),
    extra: readExtra(fields),
    message_variation_id: fields.text('message_variation_id'),
    priority: readPriority(fields),
    collapse_key,
    sound: fields.text('sound'),
    custom_uri: fields.text('custom_uri'),
  });
}

function renderKindlePush(message: KindlePush, facts: RenderFacts): RenderedKindlePush {
  const title = settleRequired('title', message.title);
  const body = settleRequired('alert', message.alert);
  const extra = message.extra ?? {};
  const flattened = Object.entries(extra).map(([key, value]): [string, string] => [key, asText(value)]);
  // Our own keys win over flattened ones of the same name.
  const data = Object.fromEntries([
    ...flattened,
    ...Object.entries(
      present({
        _ab: 'true',
        cid: facts.campaignId ?? facts.dispatchId,
        t: title,
        a: body,
        p: String(message.priority ?? 0),
        sd: message.sound === 'default' ? 'd' : message.sound,
        uri: message.custom_uri,
        extra: message.extra === undefined ? undefined : JSON.stringify(extra),
      }),
    ),
  ]);
  if (payloadBytes(data) > MAX_DATA_BYTES)
    throw new RenderStop('payload_too_large', `data: more than ${MAX_DATA_BYTES} bytes`);
  const { collapse_key } = message;
  return {
    title,
    body,
    message: {
      data,
      ...(collapse_key !== undefined && { consolidationKey: collapse_key }),
      expiresAfter: EXPIRES_AFTER_S,
    },
  };
}
