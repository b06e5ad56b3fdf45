import type { Channel } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import { InHand, type Limit } from '../../lib/limits/in-hand.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { isBroadcast, type LaneName } from '../plan/send-plan.ts';
import { ProviderShares } from './provider-shares.ts';

/**
 * Most pushes of one lane and process that are `sending` at once: about to be sent, sent, or answered and not yet
 * recorded. After a crash at most these are ambiguous. The number is high, so that a distant provider is kept busy.
 */
export const MOST_PUSHES = 2_000;
/**
 * The same for messages that are posted over HTTP/1.1: webhooks, texts and WhatsApp. Fewer, because a repetition is worse
 * and a connection carries one at a time. A broadcast keeps them busy if one chunk is on its way while others are marked
 * and recorded.
 */
export const MOST_POSTS = { named: 800, broadcast: 1_600 };
/** The same for emails and cards. */
export const MOST_OTHERS = { named: 800, broadcast: 400 };
/**
 * Most pushes that are rendered and wait for a connection. More would only fill memory, burden the garbage collector
 * and grow old.
 */
const MOST_READY = 400;
/** Number of sends that are loaded, decided and marked together. */
const CHUNK = 200;
/**
 * The same for posts of broadcasts. Each chunk is some statements, which cost as much as a few dozen of its sends, and posts
 * go out so fast that this shows.
 */
const BROADCAST_POSTS_CHUNK = 400;

/** The messages of one kind that all rounds of a lane have in hand, and the limit for them. */
type LaneLimit = Limit & { inHand: InHand };

/** Each kind of message has its own limit, so pushes that wait for a slow app do not delay emails. */
export interface SendLimits {
  lanes: Readonly<Record<LaneName, Readonly<Record<Channel['sendLimits'], LaneLimit>>>>;
  /** The providers' shares of the named lane. */
  shares: ProviderShares;
  /** Most sends in one chunk, so that every chunk fits. `posts`: if all are posts of broadcasts that make no calls. */
  chunk: { any: number; posts: number };
}

/** The limits of one thread. `broadcastThreads`: number of threads of the process that share its broadcasts. */
export function createSendLimits(broadcastThreads: number): SendLimits {
  const limitOf = (most: number, threads: number, mostAhead = Number.POSITIVE_INFINITY): LaneLimit => ({
    inHand: new InHand(),
    most: Math.ceil(most / threads),
    mostAhead,
  });
  const limitsOf = (lane: LaneName, threads: number) => ({
    pushes: limitOf(MOST_PUSHES, threads, MOST_READY),
    posts: limitOf(MOST_POSTS[lane], threads),
    others: limitOf(MOST_OTHERS[lane], threads),
  });
  return {
    lanes: { named: limitsOf('named', 1), broadcast: limitsOf('broadcast', broadcastThreads) },
    shares: new ProviderShares(),
    chunk: {
      any: Math.min(CHUNK, Math.ceil(MOST_OTHERS.broadcast / broadcastThreads)),
      // So that one can be marked while another is on its way.
      posts: Math.min(BROADCAST_POSTS_CHUNK, Math.floor(MOST_POSTS.broadcast / broadcastThreads / 2)),
    },
  };
}

/** Most sends in a chunk of these, which are all of one lane. */
export function chunkFor(
  { chunk }: SendLimits,
  sends: readonly PendingSend[],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
): number {
  const arePosts = ({ dispatchId, channel }: PendingSend) => {
    const dispatch = dispatches.get(dispatchId);
    if (dispatch === undefined || dispatch.fetches || !isBroadcast(dispatch.plan)) return false;
    return channels[channel].sendLimits === 'posts';
  };
  return sends.every(arePosts) ? chunk.posts : chunk.any;
}

/** The limit for a chunk, whose sends are all of one lane. A chunk of several kinds has the smaller limit. */
export function limitFor(
  { lanes }: SendLimits,
  chunk: readonly PendingSend[],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
): LaneLimit {
  const dispatch = dispatches.get(chunk[0]?.dispatchId ?? '');
  const lane = dispatch !== undefined && isBroadcast(dispatch.plan) ? 'broadcast' : 'named';
  const kinds = new Set(chunk.map(({ channel }) => channels[channel].sendLimits));
  const [kind = 'others'] = kinds;
  return lanes[lane][kinds.size === 1 ? kind : 'others'];
}
