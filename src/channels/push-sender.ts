import type { Clock } from '../lib/clock.ts';
import type { Outcome, Retry } from './outcome.ts';

/** One rendered message on its way to one device. */
export interface Push<Rendered extends object = object> {
  rendered: Rendered;
  token: string;
  /** When the token was (last) registered: a provider's older word about it no longer holds. */
  registeredAt: Date;
  /** Which of Apple's two hosts knows the token; null = not known yet, and for all others. */
  environment: PushEnvironment | null;
  /** The same on every attempt to this device; a lower-case UUID. */
  pushId: string;
  /** When the dispatch was accepted: a message's time to live counts from here. */
  acceptedAt: Date;
  /** Told once a connection starts it; by then, or once there is an outcome, another may be prepared. */
  observer?: { started(): void } | undefined;
}

export type PushEnvironment = 'production' | 'development';

/**
 * What came of one call, and what it says of the token. `suspect`: the reason may also mean that our settings are wrong,
 * so the token is set aside first. `slows`: the provider wants everything of the app to slow down, not only this device.
 * Source: messaging-objects.md §1.9 and §1.11.
 */
export type PushOutcome =
  | { kind: 'accepted'; providerId: string | null; newToken?: string; environment?: PushEnvironment }
  | { kind: 'bounced'; reason: string; token: 'remove' | 'suspect' | 'keep' }
  | (Retry & { slows?: 'app' })
  | Exclude<Outcome, { kind: 'accepted' | 'bounced' | 'retry' }>;

/** Talks to one provider with the credentials of one app. */
export interface PushSender<Rendered extends object = object> {
  /**
   * Never throws for what a provider or the network does. Resolves once the provider has answered. Any number may be
   * under way: the sender keeps to what a connection allows and opens more by need.
   */
  deliver(push: Push<Rendered>, signal: AbortSignal): Promise<PushOutcome>;
  /** Resolves when what was under way has ended and every connection is closed. */
  close(): Promise<void>;
}

export interface PushSenderOptions<Settings extends object = object> {
  /** The app's account with the provider. */
  settings: Settings;
  clock: Clock;
  /** Number of processors that the sender's thread, and threads that it starts, may use. Absent: all of the machine. */
  processors?: number;
}

/** Makes a sender. Nothing is connected before the first message. */
export type PushSenderMaker<Settings extends object = object> = (options: PushSenderOptions<Settings>) => PushSender;
