import type { ChannelKey } from '../../channels/channel.ts';
import type { SendStatus } from '../plan/states.ts';

/** One row of the ledger: one message to one person by one channel. */
export interface SendKey {
  bucket: number;
  dispatchId: string;
  userId: number;
  channel: ChannelKey;
}

/** As one text, for maps and sets. */
export function sendKey({ dispatchId, userId, channel }: SendKey): string {
  return `${dispatchId}/${userId}/${channel}`;
}

export interface PendingSend extends SendKey {
  taskId: number;
  attempts: number;
  /** What came of its devices so far, where that is known; see `devices.ts`. */
  devices?: readonly DeviceState[] | null;
}

/** What to write of a send: its new status and why. */
export interface Verdict {
  status: SendStatus;
  reason?: string | null;
  detail?: string | null;
  address?: string | null;
  providerCode?: string | null;
  providerMessageId?: string | null;
  dueAt?: Date | null;
  /** Gives back the slot that it holds under the frequency caps. */
  releasesSlot?: boolean;
  /** Of a send that goes to devices, where they say more than the rest of the verdict. */
  devices?: readonly DeviceState[];
  /** Calls beyond the one that every attempt is taken to be; -1 when none was made. */
  extraAttempts?: number;
}

/** What came of one device of a send. In the ledger as JSON, where it says more than the send itself. */
export interface DeviceState {
  /** Its push id, which stands for app and token. */
  id: string;
  app: string;
  state: 'sent' | 'unknown' | 'refused' | 'gave_up' | 'expired' | 'bounced' | 'waiting';
  /** Calls that count as attempts. */
  attempts: number;
  /** The provider's last word. */
  code: string | null;
  /** While it waits: milliseconds since 1970. */
  due?: number;
  /** It waits for the queue of its app, not for itself: it may go as soon as that is open. */
  held?: true;
}
