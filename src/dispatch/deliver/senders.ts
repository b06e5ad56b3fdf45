import type { Channel, ChannelKey } from '../../channels/channel.ts';
import type { Held, Outcome } from '../../channels/outcome.ts';
import type { Sender, SenderOptions, SenderPauses } from '../../channels/sender.ts';
import { metered } from '../../metrics/metered.ts';
import type { Meters } from '../../metrics/meters.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { openedSender } from '../accounts/opened-sender.ts';
import { wayToProvider } from '../plan/ways.ts';

export interface Senders {
  /** null: the workspace has no provider for the channel, or the channel's providers belong to apps. */
  senderOf(workspace: WorkspaceCatalog, channel: Channel): Sender | null;
  /** Resolves when every sender is closed. */
  close(): Promise<void>;
}

type SenderCall = Parameters<Sender['deliver']>;

/** A sender, and the settings that it was made from. */
interface Open {
  settings: WorkspaceCatalog['settings'];
  sender: Sender | null;
}

export interface SendersOptions extends Omit<SenderOptions, 'pauses'> {
  pausesOf(workspaceId: number): SenderPauses;
  meters: Meters;
}

/** The senders of channels whose provider belongs to the workspace. A sender lives until the settings change. */
export function createSenders({ pausesOf, meters, ...options }: SendersOptions): Senders {
  const open = new Map<number, Map<ChannelKey, Open>>();
  const closing = new Set<Promise<void>>();

  function closeLater(sender: Sender): void {
    const done: Promise<void> = Promise.try(() => sender.close())
      .catch((error: unknown) => options.log.error({ err: error }, 'the sender of a channel failed to close'))
      .finally(() => closing.delete(done));
    closing.add(done);
  }

  return {
    senderOf(workspace, { key, providers }) {
      const ofWorkspace = open.get(workspace.id) ?? new Map<ChannelKey, Open>();
      const current = ofWorkspace.get(key);
      if (current?.settings === workspace.settings) return current.sender;
      if (current && sameSettings(current.settings, workspace.settings)) {
        current.settings = workspace.settings;
        return current.sender;
      }
      if (current?.sender) closeLater(current.sender);
      const opened =
        providers?.of === 'workspace'
          ? openedSender<SenderCall, Outcome | Held>(
              () => providers.open(workspace.settings, { ...options, pauses: pausesOf(workspace.id) }),
              (error) =>
                options.log.error(
                  { err: error, workspace_id: workspace.id, channel: key },
                  'the sender of a channel cannot be opened; its messages wait',
                ),
            )
          : null;
      const sender = opened && metered(opened, meters, wayToProvider(key));
      open.set(workspace.id, ofWorkspace.set(key, { settings: workspace.settings, sender }));
      return sender;
    },
    async close() {
      for (const ofWorkspace of open.values())
        for (const { sender } of ofWorkspace.values()) if (sender) closeLater(sender);
      open.clear();
      await Promise.all(closing);
    },
  };
}

function sameSettings(one: WorkspaceCatalog['settings'], other: WorkspaceCatalog['settings']): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
