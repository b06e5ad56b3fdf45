import type { ChannelSettings } from './channel-settings.ts';
import type { Outcome } from './outcome.ts';

/** One rendered message on its way to one person, by a channel that knows no devices. */
export interface Outbound<Rendered extends object = object> {
  rendered: Rendered;
  /** Where it goes; null for channels without an address. */
  address: string | null;
  /** As the API shows it. */
  dispatchId: string;
  /** The same on every attempt of one send, so that a receiver can tell a repetition. */
  sendId: string;
}

/** Talks to the providers of one channel, with one workspace's accounts. */
export interface Sender<Rendered extends object = object> {
  /** Never throws for what a provider or the network does. `detail`: what the verdict says beside the outcome. */
  deliver(message: Outbound<Rendered>, signal: AbortSignal): Promise<Outcome & { detail?: string }>;
  /** Resolves when every connection is closed. */
  close(): Promise<void>;
}

export interface SenderOptions {
  nowMs(): number;
  /** How many threads of this process have a sender of their own and share what a provider allows to the process. */
  threads: number;
  log: SenderLog;
}

export interface SenderLog {
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

/**
 * Whose account with a provider the messages of a channel leave by. `app`: that of each device's app (`push-senders.ts`).
 * `workspace`: that of the workspace; `open` gives null when it has none. Without one, a message goes to the sandbox.
 */
export type Providers<Rendered extends object = object> =
  | { of: 'app' }
  | { of: 'workspace'; open(settings: ChannelSettings, options: SenderOptions): Sender<Rendered> | null };
