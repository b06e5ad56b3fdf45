import type { ChannelKey } from '../../../channels/channel.ts';
import type { Database } from '../../../db/database.ts';
import type { Clock } from '../../../lib/clock.ts';
import { type GrantedStarts, giveBackStarts, takeStarts } from '../../ledger/pace/starts.ts';
import type { PendingSend } from '../../ledger/send.ts';
import { isPaced } from '../../plan/ages.ts';
import type { LoadedDispatch } from '../../plan/loaded-dispatch.ts';
import { canaryMost, judgeCanary } from './canary.ts';

/** Wait before a task asks again whose dispatch waits for its canary, in milliseconds. */
const CANARY_AGAIN_MS = 10_000;
/** The same while the audience is not yet written, so that the size of the canary is not known. */
const EXPANSION_AGAIN_MS = 2_000;

export interface PaceDeps {
  db: Database;
  clock: Clock;
}

interface Round {
  dispatches: ReadonlyMap<string, LoadedDispatch>;
  onWait(taskId: number, at: Date): void;
}

/** Sends of one channel of a dispatch that has a pace or a canary. */
interface Group {
  dispatch: LoadedDispatch;
  channel: ChannelKey;
  sends: PendingSend[];
  grant: GrantedStarts;
}

/** The sends of a round that are begun only as the paces and canaries of their dispatches allow. */
export class PacedSends {
  readonly #deps: PaceDeps;
  readonly #round: Round;
  /** When the rest of a dispatch and channel may be asked for, which was refused in this round. */
  readonly #refused = new Map<string, Date>();
  /** When each task with sends that were left out runs again. */
  readonly #waits = new Map<number, Date>();

  constructor(deps: PaceDeps, round: Round) {
    this.#deps = deps;
    this.#round = round;
  }

  /** Whether any dispatch of the round has a pace or a canary. Nearly always none has. */
  get isEmpty(): boolean {
    return ![...this.#round.dispatches.values()].some(({ plan }) => isPaced(plan));
  }

  /** Leaves out the sends that may not be begun now. Their tasks run again when they may. */
  async begin(sends: readonly PendingSend[]): Promise<PacedChunk> {
    if (this.isEmpty) return { sends, ended: async () => undefined };
    const groups: Group[] = [];
    const free: PendingSend[] = [];
    for (const [key, group] of Map.groupBy(sends, ({ dispatchId, channel }) => `${dispatchId}/${channel}`)) {
      const [first] = group;
      const dispatch = first && this.#round.dispatches.get(first.dispatchId);
      if (first === undefined || dispatch === undefined || !isPaced(dispatch.plan)) free.push(...group);
      else groups.push(await this.#ask(key, { dispatch, channel: first.channel, sends: group }));
    }
    const granted = groups.flatMap((group) => group.sends.slice(0, group.grant.granted));
    return { sends: [...free, ...granted], ended: (begun) => this.#giveBack(groups, begun) };
  }

  /** At the end of the round. */
  tellWaits(): void {
    for (const [taskId, at] of this.#waits) this.#round.onWait(taskId, at);
  }

  async #ask(key: string, asked: Omit<Group, 'grant'>): Promise<Group> {
    const at = this.#refused.get(key);
    const grant = at === undefined ? await this.#take(asked) : { granted: 0, intervalMs: 0, again: at };
    const again = grant.again ?? this.#againLater(grant, asked);
    if (again !== null) {
      this.#refused.set(key, again);
      for (const { taskId } of asked.sends.slice(grant.granted)) this.#waits.set(taskId, again);
    }
    return { ...asked, grant: { waitsForCanary: false, ...grant } };
  }

  #againLater(grant: Partial<GrantedStarts>, { dispatch }: Pick<Group, 'dispatch'>): Date | null {
    if (grant.waitsForCanary !== true) return null;
    const waitMs = dispatch.isExpanded ? CANARY_AGAIN_MS : EXPANSION_AGAIN_MS;
    return new Date(this.#deps.clock.now().getTime() + waitMs);
  }

  async #take({ dispatch, channel, sends }: Omit<Group, 'grant'>): Promise<GrantedStarts> {
    const { db, clock } = this.#deps;
    const { id: dispatchId, plan, isExpanded, targeted } = dispatch;
    const most = plan.canary === undefined ? null : isExpanded ? canaryMost(plan.canary, targeted) : 0;
    const buckets = [...new Set(sends.map(({ bucket }) => bucket))];
    const wanted = { dispatchId, channel, count: sends.length, buckets, pace: plan.pace ?? null, canaryMost: most };
    const granted = await takeStarts(db, wanted, clock.now());
    if (granted.waitsForCanary && isExpanded && granted.granted === 0) await judgeCanary(db, dispatch, clock.now());
    return granted;
  }

  /** Gives back what was not begun, because gates refused it. The tasks of what was left out ask again at once. */
  async #giveBack(groups: readonly Group[], begun: readonly PendingSend[]): Promise<void> {
    const out = new Set(begun);
    for (const { dispatch, channel, sends, grant } of groups) {
      const unused = sends.slice(0, grant.granted).filter((send) => !out.has(send)).length;
      if (unused === 0) continue;
      const key = { dispatchId: dispatch.id, channel };
      await giveBackStarts(this.#deps.db, key, { count: unused, intervalMs: grant.intervalMs });
      this.#refused.delete(`${dispatch.id}/${channel}`);
      for (const { taskId } of sends.slice(grant.granted)) this.#waits.set(taskId, this.#deps.clock.now());
    }
  }
}

/** What may be begun of a chunk. */
export interface PacedChunk {
  sends: readonly PendingSend[];
  /** To be told which of them were begun. */
  ended(begun: readonly PendingSend[]): Promise<void>;
}
