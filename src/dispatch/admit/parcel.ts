import type { PushTarget, Recipient } from '../../people/profile/facts.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch, PreparedMessage } from '../plan/loaded-dispatch.ts';
import type { DeviceMessages } from './composed.ts';

/** One message, ready to be delivered. */
export interface Parcel {
  send: PendingSend;
  dispatch: LoadedDispatch;
  recipient: Recipient;
  message: PreparedMessage;
  rendered: object;
  /** What each device gets of a push, if they get different things. Absent: all get `rendered`. */
  perDevice?: DeviceMessages;
  address: string | null;
  /** The time from which attempts and the age of the message are counted. */
  triedSince: Date;
  pushTargets: readonly PushTarget[];
  /** Told when a connection starts to send the message, if the channel's sender reports it. */
  observer: { started(): void } | undefined;
}
