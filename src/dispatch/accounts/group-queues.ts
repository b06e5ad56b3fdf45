import type { Channel } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import { type Held, INTERNAL_ERROR, type NotBegun, type Outcome } from '../../channels/outcome.ts';
import type { GroupSender, Outbound } from '../../channels/sender.ts';
import { metered } from '../../metrics/metered.ts';
import type { Meters } from '../../metrics/meters.ts';
import { idKey, type SubscriptionGroup, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { Pauses } from '../pauses/pauses.ts';
import type { Pause } from '../pauses/pauses-store.ts';
import { digestOfGroup, groupSubject } from '../pauses/subject.ts';
import { wayToProvider } from '../plan/ways.ts';
import { type AccountPause, CallQueue } from './call-queue.ts';
import { quotaOfGroup } from './call-quotas.ts';
import { openedSender } from './opened-sender.ts';
import { type PaceParts, paceOf } from './pace-of.ts';
import { type Account, PausedAccounts } from './paused-accounts.ts';

export interface GroupQueuesOptions extends PaceParts {
  pauses: Pauses;
  /** Number of threads of this process that share its broadcasts. */
  threads: number;
  /** Base URL at which the world reaches this server, without a slash at the end. */
  publicUrl: string;
  meters: Meters;
}

/** A message of a dispatch, and the subscription group that it names. */
export interface GroupMessage {
  dispatchId: string;
  channel: Channel;
  /** null: the channel has no groups. */
  groupId: string | null;
}

type Queue = CallQueue<Outbound, Outcome>;

interface Open {
  group: SubscriptionGroup;
  /** The provider's settings as JSON. */
  settings: string;
  queue: Queue;
}

/** One queue per subscription group with a provider. A queue lives until the settings of its provider change. */
export class GroupQueues {
  readonly #options: GroupQueuesOptions;
  readonly #accounts: PausedAccounts;
  readonly #queues = new Map<string, Open>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: GroupQueuesOptions) {
    this.#options = options;
    this.#accounts = new PausedAccounts({ ...options, what: 'a subscription group' });
  }

  /** null: the group has no provider, and the message goes to the sandbox. */
  deliver(
    workspace: WorkspaceCatalog,
    of: GroupMessage,
    message: Outbound,
    signal: AbortSignal,
  ): Promise<Outcome | Held> | null {
    const open = this.#queueOf(workspace, of);
    if (open === null) return null;
    return open.queue.deliver(message, of.dispatchId, signal).then((outcome) => {
      // It waits for the end of the pause, which may come before the next probe, or has come while it was under way.
      const waitsForPause = outcome.kind === 'config_error' || (outcome.kind === 'held' && outcome.isPause === true);
      return waitsForPause ? { ...outcome, kind: 'held', untilMs: null } : outcome;
    });
  }

  /** Until when a message cannot go out, in milliseconds since 1970. null: it can. It may become the probe of a pause. */
  async blocked(workspace: WorkspaceCatalog, of: GroupMessage): Promise<number | null> {
    const open = this.#queueOf(workspace, of);
    if (open === null || (await this.#accounts.tryProbe(keyOf(workspace, open.group)))) return null;
    return (open.queue.closed() ?? open.queue.full(of.dispatchId))?.untilMs ?? null;
  }

  /** Until when no more messages may begin, because the queue is full. null: some may. */
  full(workspace: WorkspaceCatalog, of: GroupMessage): number | null {
    return this.#queueOf(workspace, of)?.queue.full(of.dispatchId)?.untilMs ?? null;
  }

  /** The pause that a message waits for. Empty: there is none. */
  paused(workspace: WorkspaceCatalog, of: GroupMessage): Pause[] {
    const group = groupOf(workspace, of);
    return group === undefined ? [] : [this.#accounts.get(keyOf(workspace, group)) ?? []].flat();
  }

  async close(): Promise<void> {
    for (const { queue } of this.#queues.values()) this.#closeLater(queue);
    this.#queues.clear();
    await Promise.all(this.#closing);
  }

  #queueOf(workspace: WorkspaceCatalog, of: GroupMessage): Open | null {
    const group = groupOf(workspace, of);
    if (group?.provider === undefined) return null;
    const current = this.#queues.get(group.id);
    if (current?.group === group) return current;
    const settings = JSON.stringify(group.provider);
    if (current?.settings === settings) {
      current.group = group;
      return current;
    }
    const { clock, threads, publicUrl, meters } = this.#options;
    const { key, providers } = of.channel;
    const options = { clock, threads, groupId: group.id, callbackUrl: `${publicUrl}/callbacks/${key}` };
    if (providers?.of !== 'group') return null;
    const { provider } = group;
    const sender = openedSender<Parameters<GroupSender['deliver']>, Outcome | NotBegun>(
      () => providers.open(provider, options),
      (error) =>
        this.#options.log.error(
          { err: error, group_id: group.id, group: group.name },
          'the sender of a subscription group cannot be opened',
        ),
    );
    if (sender === null) return null;
    if (current !== undefined) this.#closeLater(current.queue);
    const opened = {
      group,
      settings,
      queue: this.#open(workspace, group, metered(sender, meters, wayToProvider(key))),
    };
    this.#queues.set(group.id, opened);
    return opened;
  }

  #open(workspace: WorkspaceCatalog, group: SubscriptionGroup, sender: GroupSender): Queue {
    const { clock, log } = this.#options;
    const facts = { group_id: group.id, group: group.name };
    return new CallQueue({
      sender,
      pause: this.#pauseOf({ ...keyOf(workspace, group), settings: digestOfGroup(group), facts }),
      onSenderThrew: { kind: 'unknown', reason: INTERNAL_ERROR },
      clock,
      pace: paceOf(this.#options, quotaOfGroup(group), facts),
      onBreakerOpen: (untilMs) =>
        log.warn(
          { ...facts, until: new Date(untilMs) },
          'the provider of a subscription group does not answer; waiting',
        ),
      onSenderError: (error) => log.error({ err: error, ...facts }, 'the sender of a subscription group threw'),
    });
  }

  #pauseOf(account: Account): AccountPause<Outcome> {
    return {
      closed: () => this.#accounts.closed(account),
      isProbing: () => this.#accounts.isProbing(account),
      hear: (outcome) => {
        this.#accounts.obey(account, outcome);
        this.#accounts.settle(account, ['accepted', 'failed', 'bounced'].includes(outcome.kind));
        return outcome;
      },
    };
  }

  #closeLater(queue: Queue): void {
    const done: Promise<void> = queue
      .close()
      .catch((error: unknown) =>
        this.#options.log.error({ err: error }, 'the sender of a subscription group failed to close'),
      )
      .finally(() => this.#closing.delete(done));
    this.#closing.add(done);
  }
}

/** undefined: the channel's accounts do not belong to groups, or there is no such group. */
function groupOf(workspace: WorkspaceCatalog, { channel, groupId }: GroupMessage): SubscriptionGroup | undefined {
  if (channels[channel.key].providers?.of !== 'group' || groupId === null) return undefined;
  return workspace.subscriptionGroups.get(idKey(groupId));
}

function keyOf({ id }: WorkspaceCatalog, group: SubscriptionGroup) {
  return { workspaceId: id, subject: groupSubject(group.id) };
}
