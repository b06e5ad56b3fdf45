import type { ChannelKey } from '../../channels/channel.ts';
import type { Reason } from '../plan/reasons.ts';
import type { SendStatus } from '../plan/states.ts';

/** The key of a send: one message of one channel to one person. */
export interface SendKey {
  bucket: number;
  dispatchId: string;
  userId: number;
  channel: ChannelKey;
}

/** The key as one text, for maps and sets. */
export function sendKey({
  dispatchId,
  userId,
  channel,
}: Pick<SendKey, 'dispatchId' | 'userId'> & { channel: string }): string {
  return `${dispatchId}/${userId}/${channel}`;
}

export interface PendingSend extends SendKey {
  taskId: number;
  attempts: number;
  /** The person's position in the plan's names, if their trigger brought properties of their own. */
  recipient?: number | null;
  /** The state of each device so far, if known; see `devices.ts`. */
  devices?: readonly DeviceState[] | null;
  /**
   * The person's own time: that of a schedule, unless their clock tells it, or the end of the quiet hours that held the
   * message. null: that of the dispatch.
   */
  scheduledAt?: Date | null;
  /** Quiet hours held it until now. */
  isHeld?: boolean;
  /** How often it was put back because connected content did not come. null: never. */
  contentTries?: number | null;
  /** The pairs that `message_extras` attaches, once the message is composed. Absent: none. */
  extras?: Readonly<Record<string, string>>;
}

/** The new status of a send, why, and what else to write. */
export interface Verdict {
  status: SendStatus;
  reason?: Reason | null;
  detail?: string | null;
  address?: string | null;
  providerCode?: string | null;
  providerMessageId?: string | null;
  /** What comes back names the send by `providerMessageId`, because the provider carries no reference of ours. */
  isFoundById?: true;
  dueAt?: Date | null;
  /** The person's own time from now on. Absent: it stays. */
  scheduledAt?: Date;
  /** True: the send gives back its slot under the frequency caps. */
  releasesSlot?: boolean;
  /** The devices of the send, if they say more than the rest of the verdict. */
  devices?: readonly DeviceState[];
  /** Number of calls beyond the one that every attempt is counted as. -1: no call was made. */
  extraAttempts?: number;
  /** How often the message was put back because connected content did not come. Absent: it stays. */
  contentTries?: number;
  /** The pairs that `message_extras` attaches. Absent: they stay. */
  extras?: Readonly<Record<string, string>>;
}

/** The state of one device of a send. The ledger stores it as JSON if it says more than the send itself. */
export interface DeviceState {
  /** The push id of the device, which stands for app and token. */
  id: string;
  app: string;
  state: 'sent' | 'unknown' | 'refused' | 'gave_up' | 'expired' | 'bounced' | 'waiting';
  /** Number of calls that count as attempts. */
  attempts: number;
  /** The provider's last answer: a code, or the message id if `sent`. */
  code: string | null;
  /** What the provider said with it. */
  detail?: string;
  /** A rule of ours refused the message or the device, and `code` is the reason. */
  ours?: true;
  /** When a waiting device is due, in milliseconds since 1970. */
  due?: number;
  /** The device waits only for its app queue, and may be tried as soon as that is open. */
  held?: true;
}
