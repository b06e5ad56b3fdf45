import { channels } from '../../channels/index.ts';
import { InHand, type Room } from '../../lib/in-hand.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { isBroadcast, type LaneName } from '../plan/send-plan.ts';

/**
 * Most sends of one lane and process that are marked `sending` at once, that is, handed over or about to be, or answered and
 * not yet written down: after a crash at most these are ambiguous. Many, so that a provider far away is kept busy.
 */
export const MOST_PUSHES = 2_000;
/** Of mails and other messages, of which a repetition is worse and a connection carries one at a time. */
export const MOST_OTHERS = { named: 800, broadcast: 400 };
/**
 * Most pushes that are ready and wait for a connection to take them. More would only lie in memory, where the collector
 * walks over them again and again, and grow old.
 */
const MOST_READY = 400;
/** Sends that are loaded, decided and marked together. */
const CHUNK = 200;

/** What all rounds of a lane have in hand, of one kind of messages, and what of it there may be. */
type LaneRoom = Room & { inHand: InHand };

/** Pushes have a room of their own: those that wait for a slow app hold up no mail. */
export interface Rooms {
  lanes: Readonly<Record<LaneName, { pushes: LaneRoom; others: LaneRoom }>>;
  /** Most sends in one chunk, so that every chunk has room. */
  chunk: number;
}

/** For one of the threads of a process that share its broadcasts. */
export function createRooms(broadcastThreads: number): Rooms {
  const roomsOf = (lane: LaneName, threads: number) => ({
    pushes: { inHand: new InHand(), most: Math.ceil(MOST_PUSHES / threads), mostAhead: MOST_READY },
    others: {
      inHand: new InHand(),
      most: Math.ceil(MOST_OTHERS[lane] / threads),
      mostAhead: Number.POSITIVE_INFINITY,
    },
  });
  return {
    lanes: { named: roomsOf('named', 1), broadcast: roomsOf('broadcast', broadcastThreads) },
    chunk: Math.min(CHUNK, Math.ceil(MOST_OTHERS.broadcast / broadcastThreads)),
  };
}

/** The room of a chunk, whose sends are all of one lane. */
export function roomFor(
  { lanes }: Rooms,
  chunk: readonly PendingSend[],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
): LaneRoom {
  const dispatch = dispatches.get(chunk[0]?.dispatchId ?? '');
  const lane = dispatch !== undefined && isBroadcast(dispatch.plan) ? 'broadcast' : 'named';
  const isPush = chunk.every(({ channel }) => channels[channel].sendLimits === 'pushes');
  return isPush ? lanes[lane].pushes : lanes[lane].others;
}
