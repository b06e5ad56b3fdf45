import type { ChannelSettings } from './channel-settings.ts';
import type { Held, Outcome } from './outcome.ts';

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
  /** Never throws because of the provider or the network. `detail`: a text that the verdict adds to the outcome. */
  deliver(message: Outbound<Rendered>, signal: AbortSignal): Promise<(Outcome & { detail?: string }) | Held>;
  /** Resolves when every connection is closed. */
  close(): Promise<void>;
}

export interface SenderOptions {
  nowMs(): number;
  /** Number of threads in this process that have their own sender. They share the process's limits at a provider. */
  threads: number;
  log: SenderLog;
  pauses: SenderPauses;
}

/**
 * The pauses of a workspace's accounts with providers, shared by all processes. Whoever pauses an account need not look
 * whether it works again: it is probed.
 */
export interface SenderPauses {
  /** True: nothing must be sent over the account. `name`: its name in the workspace. */
  isPaused(name: string): boolean;
  /**
   * Pauses an account. `config_error`: it does not accept our settings. `unreachable`: it does not answer. `reason`: its
   * own word. Accounts whose settings are new stay open.
   */
  pause(account: { name: string; url: string }, cause: 'config_error' | 'unreachable', reason: string): void;
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
