import type { ChannelKey } from '../channels/channel.ts';
import type { Outcome } from '../channels/outcome.ts';
import type { PushTarget, Recipient } from '../people/facts.ts';
import type { WorkspaceCatalog } from '../workspace/catalog.ts';
import type { PendingSend } from './ledger.ts';
import type { LoadedDispatch, PreparedMessage } from './loaded.ts';

/** One message, ready to be handed over. */
export interface Parcel {
  send: PendingSend;
  dispatch: LoadedDispatch;
  recipient: Recipient;
  message: PreparedMessage;
  rendered: object;
  address: string | null;
  pushTargets: readonly PushTarget[];
}

export interface Delivered {
  outcome: Outcome;
  isSandbox: boolean;
}

export interface Deliveries {
  deliver(parcel: Parcel, signal: AbortSignal): Promise<Delivered>;
  close(): Promise<void>;
}

/** A real way out for one channel of one workspace. */
export interface Provider {
  deliver(parcel: Parcel, signal: AbortSignal): Promise<Outcome>;
  close(): Promise<void>;
}

/** Makes the provider of a channel from the workspace's settings; null when none is configured. */
export type ProviderMaker = (workspace: WorkspaceCatalog) => Provider | null;

/**
 * Sends each parcel through the workspace's provider of its channel, or into the sandbox when there is none.
 * A provider lives until the workspace's settings change.
 */
export function createDeliveries(makers: Partial<Record<ChannelKey, ProviderMaker>>): Deliveries {
  const open = new Map<string, { settings: WorkspaceCatalog['settings']; provider: Provider | null }>();
  const closing = new Set<Promise<void>>();

  function providerFor(workspace: WorkspaceCatalog, channel: ChannelKey): Provider | null {
    const key = `${workspace.id}/${channel}`;
    const current = open.get(key);
    if (current?.settings === workspace.settings) return current.provider;
    if (current && sameSettings(current.settings, workspace.settings)) {
      current.settings = workspace.settings;
      return current.provider;
    }
    if (current?.provider) closeLater(current.provider);
    const provider = makers[channel]?.(workspace) ?? null;
    open.set(key, { settings: workspace.settings, provider });
    return provider;
  }

  function closeLater(provider: Provider): void {
    const done: Promise<void> = provider.close().finally(() => closing.delete(done));
    closing.add(done);
  }

  return {
    async deliver(parcel, signal) {
      const provider = providerFor(parcel.dispatch.workspace, parcel.send.channel);
      if (provider === null) return { outcome: { kind: 'accepted', providerId: null }, isSandbox: true };
      return { outcome: await provider.deliver(parcel, signal), isSandbox: false };
    },
    async close() {
      for (const { provider } of open.values()) if (provider) closeLater(provider);
      open.clear();
      await Promise.all(closing);
    },
  };
}

function sameSettings(one: WorkspaceCatalog['settings'], other: WorkspaceCatalog['settings']): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
