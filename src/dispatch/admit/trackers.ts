import type { KeyObject } from 'node:crypto';
import type { Tracker } from '../../channels/tracking/tracker.ts';
import { HIDDEN_URL, personPart, targetPart, trackingKeys } from '../../feedback/tracking/links.ts';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import type { Recipient } from '../../people/profile/facts.ts';
import type { LoadedDispatch, PreparedMessage } from '../plan/loaded-dispatch.ts';

/** Makes what follows one person's message. undefined: nothing is to be followed. */
export type TrackerMaker = (
  dispatch: LoadedDispatch,
  message: PreparedMessage,
  recipient: Recipient,
) => Tracker | undefined;

const KEPT_BYTES = 2 * 1_048_576;

/**
 * Trackers make links `<url>/l/<person>/<target>` and pixels `<url>/o/<person>`. The part that says where a link leads is
 * signed once for all people of a dispatch, the person's once for each message. A link needs no table: it holds all of it.
 */
export function createTrackerMaker({ publicUrl, secret }: { publicUrl: string; secret: KeyObject }): TrackerMaker {
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
  return ({ id: dispatchId, workspace }, { channel }, { bucket, userId, wantsNoOpens, wantsNoClicks }) => {
    if (channel.key !== 'email') return undefined;
    const { tracking } = workspace.settings;
    const base = (tracking?.url ?? publicUrl).replace(/\/+$/, '');
    let made: string | null = null;
    const person = () => {
      made ??= personPart(keys, { workspaceId: workspace.id, dispatchId, bucket, userId, channel: channel.key });
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
