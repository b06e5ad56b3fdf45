import type { PendingSend } from '../ledger/send.ts';
import { type LoadedDispatch, messageFor } from '../plan/loaded-dispatch.ts';
import { isBroadcast } from '../plan/send-plan.ts';

/** Most slots of a lane that the messages to one provider take. A chunk may go beyond it. */
export const MOST_SLOTS = 400;
/** Most rounds that wait for one provider: an eighth of all. */
export const MOST_ROUNDS = 8;

/** Slots in hand from which on there is room for more, after the share was full: low, so that what follows is no trickle. */
const SLOTS_WITH_ROOM = MOST_SLOTS / 2;

interface Share {
  slots: number;
  /** The number of messages that each round has in hand. */
  rounds: Map<object, number>;
}

/**
 * Divides the slots and rounds of the named lane by provider, so that one that hangs makes only its own messages wait. A
 * provider is an account of a workspace with a channel or, if each message names its receiver, one receiver.
 */
export class ProviderShares {
  readonly #shares = new Map<string, Share>();
  /** Called when a share becomes smaller. */
  readonly #watchers = new Set<() => void>();

  /** Whether messages to this provider must wait. `round`: it may go on with what it has begun. */
  isFull(provider: string, round: object): boolean {
    const share = this.#shares.get(provider);
    if (share === undefined) return false;
    return share.slots >= MOST_SLOTS || (share.rounds.size >= MOST_ROUNDS && !share.rounds.has(round));
  }

  /**
   * Resolves when one of the providers has room again, at the latest after `mostMs` (of the machine's time), or when
   * `signal` is aborted.
   */
  async untilRoom(
    providers: ReadonlySet<string>,
    round: object,
    { mostMs, signal }: { mostMs: number; signal: AbortSignal },
  ): Promise<void> {
    const hasRoom = () => [...providers].some((provider) => this.#hasRoom(provider, round));
    if (signal.aborted || hasRoom()) return;
    const over = AbortSignal.any([signal, AbortSignal.timeout(mostMs)]);
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!over.aborted && !hasRoom()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      over.addEventListener('abort', look, { once: true });
    });
  }

  #hasRoom(provider: string, round: object): boolean {
    const share = this.#shares.get(provider);
    return share === undefined || (share.slots <= SLOTS_WITH_ROOM && !this.isFull(provider, round));
  }

  /** Notes a message that is about to be delivered. Returns what notes that it is done. */
  begin(provider: string, round: object, slots: number): () => void {
    const share = this.#shares.get(provider) ?? { slots: 0, rounds: new Map<object, number>() };
    this.#shares.set(provider, share);
    share.slots += slots;
    share.rounds.set(round, (share.rounds.get(round) ?? 0) + 1);
    return () => {
      share.slots -= slots;
      const left = (share.rounds.get(round) ?? 0) - 1;
      if (left > 0) share.rounds.set(round, left);
      else share.rounds.delete(round);
      if (share.slots === 0 && this.#shares.get(provider) === share) this.#shares.delete(provider);
      for (const look of this.#watchers) look();
    };
  }
}

/** The provider whose share a send takes. null: none; broadcasts take turns, and each app has its queue of pushes. */
export function providerOf(dispatch: LoadedDispatch | undefined, send: PendingSend): string | null {
  const prepared = dispatch && messageFor(dispatch, send);
  if (dispatch === undefined || prepared === undefined || isBroadcast(dispatch.plan)) return null;
  if (prepared.channel.sendLimits === 'pushes') return null;
  return `${dispatch.workspace.id} ${send.channel} ${prepared.channel.receiver?.(prepared.message) ?? ''}`;
}
