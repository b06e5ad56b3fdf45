import { type FeedSettings, feedSettings } from '../../channels/content-card/settings.ts';
import { open, type Secret, seal } from '../secrets.ts';
import { places } from '../settings.ts';
import { parseSealed, readStored } from '../stored-settings.ts';

/** The value of `apps.card_feed`. */
export function sealFeed(feed: FeedSettings | null, secret: Secret, appId: string): Buffer | null {
  return feed === null ? null : seal(secret, JSON.stringify(feed), places.feed(appId));
}

/**
 * Opens what `sealFeed` made. null: nobody may fetch cards. Throws SecretError, and StoredSettingsError when the value does
 * not hold the settings of a feed.
 */
export function openFeed(sealed: Buffer | null, secret: Secret, appId: string): FeedSettings | null {
  if (sealed === null) return null;
  const place = places.feed(appId);
  return readStored(feedSettings, parseSealed(open(secret, sealed, place), place), place, 'content_cards');
}
