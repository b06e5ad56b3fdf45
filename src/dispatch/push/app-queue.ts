import { INTERNAL_ERROR } from '../../channels/outcome.ts';
import type { Push, PushOutcome } from '../../channels/push/sender.ts';
import { CallQueue, type CallQueueOptions } from '../accounts/call-queue.ts';
import type { PushCall } from '../ledger/delivered.ts';

export interface AppQueueOptions extends Omit<CallQueueOptions<Push, PushOutcome>, 'onSenderThrew'> {
  appId: string;
  /** Digest of the settings of `sender`. */
  settings: string;
}

/** The calls of one app to its provider. */
export class AppQueue extends CallQueue<Push, PushOutcome> {
  /** Digest of the settings with which calls are made. */
  readonly settings: string;
  /** The count of one accepted call. */
  readonly acceptedCall: readonly PushCall[];

  constructor({ appId, settings, ...options }: AppQueueOptions) {
    super({ ...options, onSenderThrew: { kind: 'retry', reason: INTERNAL_ERROR, isUnclear: true } });
    this.settings = settings;
    this.acceptedCall = [{ appId, settings, answer: 'accepted' }];
  }
}
