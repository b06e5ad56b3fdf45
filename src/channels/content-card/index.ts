import { readDate, readFlag, readInteger } from '../../lib/raw/lenient.ts';
import { zonedTime } from '../../lib/time/time-zone.ts';
import { RenderStop } from '../../templating/render-stop.ts';
import type { Channel, RenderFacts } from '../channel.ts';
import { compact, readRendered, requireText } from '../fields.ts';
import { renderedUri } from '../push/uris.ts';
import {
  bytesOf,
  type CardType,
  type ContentCard,
  cardTypes,
  checkKeepable,
  countedTexts,
  LOCAL_SLACK_MS,
  MAX_CARD_BYTES,
  MAX_TTL_S,
  parseContentCard,
} from './schema.ts';

/** A card as it is stored for one person. Its texts do not change afterwards. */
export interface RenderedContentCard {
  type: CardType;
  title: string | null;
  description: string | null;
  image_url: string | null;
  pinned: boolean;
  /** The end of the card's life: ISO 8601, UTC. */
  expires_at: string;
  uris: { ios?: string | undefined; android?: string | undefined; web?: string | undefined };
  use_webview: { ios: boolean; android: boolean };
  uri_text: string | null;
  extra: Readonly<Record<string, unknown>>;
}

export const contentCard: Channel<ContentCard, RenderedContentCard> = {
  key: 'content_card',
  variationChannel: 'content_cards',
  address: { kind: 'none' },
  needs: [],
  deadMark: null,
  capFamily: null,
  sendLimits: 'others',
  providers: { of: 'feed' },
  neverTemplates: new Set(['message_variation_id']),
  isCard: true,
  parse: parseContentCard,
  checkStored: checkKeepable,
  references: ({ message_variation_id }) => ({ messageVariationId: message_variation_id }),
  render: renderContentCard,
};

function renderContentCard(message: ContentCard, facts: RenderFacts): RenderedContentCard {
  const type = cardTypes.find((known) => known === message.type.trim());
  if (type === undefined)
    throw new RenderStop('aborted', `type: expected one of ${cardTypes.join(', ')} after rendering`);
  const isBanner = type === 'BANNER';
  if (!isBanner && message.title === undefined)
    throw new RenderStop('aborted', `title is missing from a card of type ${type}`);
  const description = isBanner ? message.description : requireText('description', message.description);
  const image = type === 'CLASSIC' ? message.image_url : requireText('image_url', message.image_url);
  if (bytesOf(countedTexts(message)) > MAX_CARD_BYTES)
    throw new RenderStop('payload_too_large', `more than ${MAX_CARD_BYTES} bytes`);
  const webview = (key: 'ios_use_webview' | 'android_use_webview') => readRendered(key, message[key], readFlag) ?? true;
  return {
    type,
    title: message.title ?? null,
    description: description ?? null,
    image_url: renderedUri('image_url', image, 'web') ?? null,
    pinned: readRendered('pinned', message.pinned, readFlag) ?? false,
    expires_at: expiresAt(message, facts).toISOString(),
    uris: compact({
      ios: renderedUri('ios_uri', message.ios_uri, 'app'),
      android: renderedUri('android_uri', message.android_uri, 'app'),
      web: renderedUri('web_uri', message.web_uri, 'web'),
    }),
    use_webview: { ios: webview('ios_use_webview'), android: webview('android_use_webview') },
    uri_text: message.uri_text ?? null,
    extra: message.extra ?? {},
  };
}

function expiresAt(message: ContentCard, { now, timeZone }: RenderFacts): Date {
  const given = readRendered<Date | string>('expire_at', message.expire_at, readDate);
  if (given === undefined) {
    const seconds = readRendered('time_to_live', message.time_to_live, readInteger);
    if (seconds === undefined || seconds < 1 || seconds > MAX_TTL_S)
      throw new RenderStop('aborted', `time_to_live: expected 1 to ${MAX_TTL_S} after rendering`);
    return new Date(now.getTime() + seconds * 1000);
  }
  const isLocal = readRendered('expire_in_local_time', message.expire_in_local_time, readFlag) ?? false;
  const end = isLocal ? zonedTime(new Date(given), timeZone) : new Date(given);
  if (end <= now) throw new RenderStop('expired', 'expire_at has passed');
  if (end.getTime() - now.getTime() > MAX_TTL_S * 1_000 + LOCAL_SLACK_MS)
    throw new RenderStop('aborted', 'expire_at: expected at most 30 days ahead after rendering');
  return end;
}
