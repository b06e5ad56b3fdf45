import type { PushTarget, Recipient } from '../../people/profile/facts.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch, PreparedMessage } from '../plan/loaded-dispatch.ts';

/** One message, ready to be delivered. */
export interface Parcel {
  send: PendingSend;
  dispatch: LoadedDispatch;
  recipient: Recipient;
  message: PreparedMessage;
  rendered: object;
  address: string | null;
  pushTargets: readonly PushTarget[];
  /** Told once a connection starts the message, where the channel's sender says so. */
  observer: { started(): void } | undefined;
}
