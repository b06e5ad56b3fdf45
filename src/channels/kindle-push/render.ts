import { readInteger } from '../../lib/raw/lenient.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import type { Measures, RenderFacts } from '../channel.ts';
import { readRendered, requireText } from '../fields.ts';
import { asText, given, payloadBytes, present } from '../push/fields.ts';
import { renderedUri } from '../push/uris.ts';
import { type KindlePush, MAX_COLLAPSE_KEY_LENGTH } from './schema.ts';

export interface RenderedKindlePush {
  title: string;
  body: string;
  /** The body of ADM's request. Source: messaging-objects.md §4.3. */
  message: { data: Record<string, string>; consolidationKey?: string; expiresAfter: number };
}

const MAX_DATA_BYTES = 6_144;
const EXPIRES_AFTER_S = 2_678_400; // 31 days, the most that ADM accepts

export function renderKindlePush(message: KindlePush, facts: RenderFacts): RenderedKindlePush {
  const title = requireText('title', message.title);
  const body = requireText('alert', message.alert);
  const data = dataOf(message, { title, body, facts });
  if (payloadBytes(data) > MAX_DATA_BYTES)
    throw new RenderStop('payload_too_large', `data: more than ${MAX_DATA_BYTES} bytes`);
  const key = given(message.collapse_key);
  if (key !== undefined && key.length > MAX_COLLAPSE_KEY_LENGTH)
    throw new RenderStop(
      'payload_too_large',
      `collapse_key: more than ${MAX_COLLAPSE_KEY_LENGTH} characters after rendering`,
    );
  return {
    title,
    body,
    message: { data, ...(key !== undefined && { consolidationKey: key }), expiresAfter: EXPIRES_AFTER_S },
  };
}

/** ADM's `data`. Our own keys override keys of `extra` with the same name. */
function dataOf(
  { extra, priority, sound, custom_uri }: KindlePush,
  { title, body, facts }: { title: string; body: string; facts: RenderFacts },
): Record<string, string> {
  const flattened = Object.entries(extra ?? {}).map(([key, value]): [string, string] => [key, asText(value)]);
  const ours = present({
    _ab: 'true',
    cid: facts.campaignId ?? facts.dispatchId,
    t: title,
    a: body,
    p: String(readRenderedPriority(priority)),
    sd: sound === 'default' ? 'd' : given(sound),
    uri: renderedUri('custom_uri', custom_uri, 'app'),
    extra: extra === undefined ? undefined : JSON.stringify(extra),
  });
  return Object.fromEntries([...flattened, ...Object.entries(ours)]);
}

/** Out of range counts as 0, as at the request. A value that is not an integer after rendering stops the message. */
function readRenderedPriority(value: KindlePush['priority']): number {
  const priority = readRendered('priority', value, readInteger) ?? 0;
  return priority >= -2 && priority <= 2 ? priority : 0;
}

/** What the provider counts. */
export function measureKindlePush({ message }: Pick<RenderedKindlePush, 'message'>): Measures {
  return { bytes: payloadBytes(message.data), mostBytes: MAX_DATA_BYTES };
}
