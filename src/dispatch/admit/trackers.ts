import type { KeyObject } from 'node:crypto';
import type { ChannelKey } from '../../channels/channel.ts';
import type { Shortener, Tracker } from '../../channels/tracking.ts';
import { HIDDEN_URL, NOBODY_PART, personPart, targetPart, trackingKeys } from '../../feedback/tracking/links.ts';
import { codeOf, type ShortLink, shortLinkKey } from '../../feedback/tracking/short-links.ts';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import { isStored, type Recipient } from '../../people/profile/facts.ts';
import type { LoadedDispatch, PreparedMessage } from '../plan/loaded-dispatch.ts';

/** What follows one person's message. */
export interface Following {
  tracker?: Tracker;
  shortener?: Shortener;
  /** The short links that were made: they must be stored before the message is sent. */
  shortLinks: readonly ShortLink[];
}

export type TrackerMaker = (dispatch: LoadedDispatch, message: PreparedMessage, recipient: Recipient) => Following;

const nothing: Following = { shortLinks: [] };
/** Follows nothing. */
export const noTrackers: TrackerMaker = () => nothing;

const KEPT_BYTES = 2 * 1_048_576;

interface MakerOptions {
  publicUrl: string;
  secret: KeyObject;
}

export function createTrackerMaker(options: MakerOptions): TrackerMaker {
  const ofMail = createMailTrackers(options);
  const ofText = createShorteners(options);
  return (dispatch, message, recipient) => {
    const { key, follows } = message.channel;
    if (follows === 'html') return { tracker: ofMail(dispatch, recipient, key), shortLinks: [] };
    return follows === 'text' ? ofText(dispatch, recipient, key) : nothing;
  };
}

/**
 * Trackers make links `<url>/l/<person>/<target>` and pixels `<url>/o/<person>`. The part that says where a link leads is
 * signed once for all people of a dispatch, the person's once for each message. A link needs no table: it holds all of it.
 */
function createMailTrackers({ publicUrl, secret }: MakerOptions) {
  const keys = trackingKeys(secret);
  const targets = new BoundedCache<string, string>({ mostBytes: KEPT_BYTES });
  const targetOf = (dispatchId: string, url: string) => {
    const key = `${dispatchId} ${url}`;
    const known = targets.get(key);
    if (known !== undefined) return known;
    const made = targetPart(keys, dispatchId, url);
    targets.set(key, made, 2 * (key.length + made.length));
    return made;
  };
  return (
    { id: dispatchId, workspace }: LoadedDispatch,
    { bucket, userId, wantsNoOpens, wantsNoClicks }: Recipient,
    channel: ChannelKey,
  ): Tracker => {
    const { tracking } = workspace.settings;
    const base = withoutSlash(tracking?.url ?? publicUrl);
    let made: string | null = null;
    const person = () => {
      made ??= isStored(userId)
        ? personPart(keys, { workspaceId: workspace.id, dispatchId, bucket, userId, channel })
        : NOBODY_PART;
      return made;
    };
    const linkTo = (url: string) => `${base}/l/${person()}/${targetOf(dispatchId, url)}`;
    return {
      opens: !wantsNoOpens,
      clicks: !wantsNoClicks,
      ownLinks: [`${publicUrl}/s/`, `${base}/l/`],
      linkTo,
      pixel: () => `${base}/o/${person()}`,
      hiddenLink: () => (tracking?.hidden_link === true ? linkTo(HIDDEN_URL) : null),
    };
  };
}

/** Shorteners make links `<url>/<code>`. */
function createShorteners({ publicUrl, secret }: MakerOptions) {
  const key = shortLinkKey(secret);
  return (
    { id: dispatchId, workspace }: LoadedDispatch,
    { bucket, userId }: Recipient,
    channel: ChannelKey,
  ): Following => {
    const { tracking } = workspace.settings;
    const base = withoutSlash(tracking?.short_url ?? tracking?.url ?? publicUrl);
    const shortLinks: ShortLink[] = [];
    const send = { workspaceId: workspace.id, dispatchId, bucket, userId, channel };
    return {
      shortLinks,
      shortener: {
        shorten(url) {
          const code = codeOf(key, send, url);
          shortLinks.push({ code, send, url });
          return `${base}/${code}`;
        },
      },
    };
  };
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
