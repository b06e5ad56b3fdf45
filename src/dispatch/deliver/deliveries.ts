import type { ChannelKey } from '../../channels/channel.ts';
import type { Outcome } from '../../channels/outcome.ts';
import type { Clock } from '../../lib/clock.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { Parcel } from '../admit/parcel.ts';
import type { Delivered } from '../ledger/delivered.ts';
import { verdictOf } from '../ledger/outcomes.ts';
import type { Verdict } from '../ledger/send.ts';

export interface Deliveries {
  deliver(parcel: Parcel, signal: AbortSignal): Promise<Delivered>;
  close(): Promise<void>;
}

/** A real way out for one channel of one workspace. */
export interface Provider {
  /** `detail`: what the verdict should say beside the outcome. */
  deliver(parcel: Parcel, signal: AbortSignal): Promise<(Outcome & { detail?: string }) | Delivered>;
  close(): Promise<void>;
}

/** Makes the provider of a channel from the workspace's settings; null when none is configured. */
export type ProviderMaker = (workspace: WorkspaceCatalog) => Provider | null;

/**
 * Sends each parcel through the workspace's provider of its channel, or into the sandbox when there is none.
 * A provider lives until the workspace's settings change.
 */
export function createDeliveries(
  makers: Partial<Record<ChannelKey, ProviderMaker>>,
  { clock, random }: { clock: Clock; random(): number },
): Deliveries {
  const open = new Map<number, Map<ChannelKey, Open>>();
  const closing = new Set<Promise<void>>();

  function providerFor(workspace: WorkspaceCatalog, channel: ChannelKey): Provider | null {
    const ofWorkspace = open.get(workspace.id) ?? new Map<ChannelKey, Open>();
    const current = ofWorkspace.get(channel);
    if (current?.settings === workspace.settings) return current.provider;
    if (current && sameSettings(current.settings, workspace.settings)) {
      current.settings = workspace.settings;
      return current.provider;
    }
    if (current?.provider) closeLater(current.provider);
    const provider = makers[channel]?.(workspace) ?? null;
    open.set(workspace.id, ofWorkspace.set(channel, { settings: workspace.settings, provider }));
    return provider;
  }

  function verdictFor({ send, dispatch }: Parcel, outcome: Outcome & { detail?: string }): Verdict {
    const attempts = send.attempts + 1;
    const acceptedAt = dispatch.triedSince;
    const verdict = verdictOf(outcome, {
      channel: send.channel,
      delivery: dispatch.plan.delivery,
      attempts,
      acceptedAt,
      now: clock.now(),
      jitter: 0.9 + random() / 5,
    });
    if (outcome.detail === undefined) return verdict;
    return { ...verdict, detail: [outcome.detail, verdict.detail].filter(Boolean).join(': ') };
  }

  function closeLater(provider: Provider): void {
    const done: Promise<void> = provider.close().finally(() => closing.delete(done));
    closing.add(done);
  }

  return {
    deliver(parcel, signal) {
      const provider = providerFor(parcel.dispatch.workspace, parcel.send.channel);
      if (provider === null)
        return Promise.resolve({
          ...nothing,
          verdict: { status: 'sent', providerMessageId: null },
          isSandbox: true,
        });
      return provider
        .deliver(parcel, signal)
        .then((outcome) =>
          'verdict' in outcome ? outcome : { ...nothing, verdict: verdictFor(parcel, outcome), isSandbox: false },
        );
    },
    async close() {
      for (const ofWorkspace of open.values())
        for (const { provider } of ofWorkspace.values()) if (provider) closeLater(provider);
      open.clear();
      await Promise.all(closing);
    },
  };
}

/** A provider, and the settings that it was made from. */
interface Open {
  settings: WorkspaceCatalog['settings'];
  provider: Provider | null;
}

const nothing = { news: [], calls: [] } as const;

function sameSettings(one: WorkspaceCatalog['settings'], other: WorkspaceCatalog['settings']): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
