import type { Clock } from '../../lib/clock.ts';
import type { Bounced, NotBegun, Outcome } from '../outcome.ts';

/** One rendered message for one device. */
export interface Push<Rendered extends object = object> {
  rendered: Rendered;
  token: string;
  /** When the token was last registered. A provider's older verdict on it does not count any more. */
  registeredAt: Date;
  /** The one of Apple's two hosts that knows the token. null: unknown, or another provider. */
  environment: PushEnvironment | null;
  /** Lower-case UUID, the same on every attempt for this device. */
  pushId: string;
  /** When the dispatch was accepted. The message's time to live starts here. */
  acceptedAt: Date;
  /**
   * `started` is called when a connection starts the request. After it, or after the outcome, the next one may be
   * prepared.
   */
  observer?: { started(): void } | undefined;
}

export type PushEnvironment = 'production' | 'development';

/**
 * The outcome of one call, and what it means for the token. `suspect`: the reason may also mean that our settings are
 * wrong, so the token is only set aside.
 * Source: messaging-objects.md §1.9 and §1.11.
 */
export type PushOutcome =
  | { kind: 'accepted'; providerId: string | null; newToken?: string; environment?: PushEnvironment }
  | (Bounced & { token: 'remove' | 'suspect' | 'keep' })
  | Exclude<Outcome, { kind: 'accepted' | 'bounced' }>;

/** Sends to one provider with the credentials of one app. */
export interface PushSender<Rendered extends object = object> {
  /**
   * Resolves when the provider has answered. Never throws because of the provider or the network. Any number of calls
   * may be pending: the sender respects each connection's limit and opens more connections as needed. Aborting `signal`
   * gives back the calls that no connection has begun. Those under way end as usual.
   */
  deliver(push: Push<Rendered>, signal: AbortSignal): Promise<PushOutcome | NotBegun>;
  /** Resolves when all pending calls have ended and every connection is closed. */
  close(): Promise<void>;
}

export interface PushSenderOptions<Settings extends object = object> {
  /** The app's account with the provider. */
  settings: Settings;
  clock: Clock;
  /** Number of processors that the sender and its threads may use. Absent: all of the machine's. */
  processors?: number;
}

/** Makes a sender. It opens no connection before its first message. */
export type PushSenderMaker<Settings extends object = object> = (options: PushSenderOptions<Settings>) => PushSender;
