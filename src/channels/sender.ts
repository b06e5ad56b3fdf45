import type { ChannelSettings } from './channel-settings.ts';
import type { Outcome } from './outcome.ts';

/** One rendered message for one person, on a channel without devices. */
export interface Outbound<Rendered extends object = object> {
  rendered: Rendered;
  /** The person's address. null: the channel has no addresses. */
  address: string | null;
  /** The dispatch's id, as the API shows it. */
  dispatchId: string;
  /** Id of the send, the same on every attempt, so that a receiver can recognize a repetition. */
  sendId: string;
}

/** Sends to the providers of one channel, with one workspace's accounts. */
export interface Sender<Rendered extends object = object> {
  /** Never throws because of the provider or the network. */
  deliver(message: Outbound<Rendered>, signal: AbortSignal): Promise<Outcome>;
  /** Resolves when every connection is closed. */
  close(): Promise<void>;
}

export interface SenderOptions {
  nowMs(): number;
  /** Number of threads in this process that have their own sender. They share the process's limits at a provider. */
  threads: number;
  log: SenderLog;
}

export interface SenderLog {
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

/**
 * Whose account with a provider sends a channel's messages. `app`: the account of the device's app (`push/senders.ts`).
 * `workspace`: the workspace's account; `open` returns null if there is none. Without an account, a message goes to the
 * sandbox.
 */
export type Providers<Rendered extends object = object> =
  | { of: 'app' }
  | { of: 'workspace'; open(settings: ChannelSettings, options: SenderOptions): Sender<Rendered> | null };
