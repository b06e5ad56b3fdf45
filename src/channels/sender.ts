import type { Clock } from '../lib/clock.ts';
import type { ChannelSettings } from './channel-settings.ts';
import type { Held, NotBegun, Outcome } from './outcome.ts';
import type { GroupProvider } from './providers.ts';

/** One rendered message for one person, on a channel without devices. */
export interface Outbound<Rendered extends object = object> {
  rendered: Rendered;
  /** The person's address. null: the channel has no addresses. */
  address: string | null;
  /** The dispatch's id, as the API shows it. */
  dispatchId: string;
  /** Id of the send, the same on every attempt, so that a receiver can recognize a repetition. */
  sendId: string;
  /** Names the send to the provider, which repeats it in callbacks. Only this server can make or read it. */
  readonly reference: string;
  /** When the person last wrote to each business number on WhatsApp, in milliseconds since 1970, if it was asked for. */
  lastWrote: Readonly<Record<string, number>>;
}

/** Sends to the providers of one channel, with one workspace's accounts. */
export interface Sender<Rendered extends object = object> {
  /** Never throws because of the provider or the network. */
  deliver(message: Outbound<Rendered>, signal: AbortSignal): Promise<Outcome | Held>;
  /** Resolves when every connection is closed. */
  close(): Promise<void>;
}

/** Sends to one provider with the account of one subscription group. */
export interface GroupSender<Rendered extends object = object> {
  /**
   * Resolves when the provider has answered. Never throws because of the provider or the network. Aborting `signal` gives
   * back a message that no connection has begun; one under way ends as usual.
   */
  deliver(message: Outbound<Rendered>, signal: AbortSignal): Promise<Outcome | NotBegun>;
  /** Resolves when all pending calls have ended and every connection is closed. */
  close(): Promise<void>;
}

export interface GroupSenderOptions {
  clock: Clock;
  /** Id of the subscription group. */
  groupId: string;
  /** Number of threads in this process that have their own sender. They share the process's limits at a provider. */
  threads: number;
  /** Where the channel's providers reach this server, without a slash at the end, such as `https://a.test/callbacks/sms`. */
  callbackUrl: string;
}

export interface SenderOptions {
  nowMs(): number;
  /** Number of threads in this process that have their own sender. They share the process's limits at a provider. */
  threads: number;
  log: SenderLog;
  pauses: SenderPauses;
}

/** A server that a workspace names to send over. `url`: may hold a password. */
export interface Relay {
  name: string;
  url: string;
}

/** The relays of a channel, whose pauses all processes share. */
export interface RelayPool {
  /** The workspace's relays, in the order of preference. */
  list(settings: ChannelSettings): readonly Relay[];
  /** Connects and logs in, without a message. null: the relay works. */
  probe(relay: Relay, signal: AbortSignal): Promise<ProbeFailure | null>;
}

/** `said`: the relay's own words, or the network's. */
export interface ProbeFailure {
  cause: RelayPauseCause;
  said: string;
}

/**
 * `config_error`: the relay does not accept our settings. `unreachable`: it does not answer. `slow_down`: it refuses our
 * mails because of our reputation.
 */
export type RelayPauseCause = 'config_error' | 'slow_down' | 'unreachable';

/**
 * The pauses of a workspace's relays, shared by all processes. Whoever pauses a relay need not look whether it works
 * again: it is probed.
 */
export interface SenderPauses {
  /** True: nothing must be sent over the relay. */
  isPaused(name: string): boolean;
  /** Pauses a relay. `reason`: its address and its own words. A relay whose settings are new stays open. */
  pause(relay: Relay, cause: RelayPauseCause, reason: string): void;
}

export interface SenderLog {
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

/**
 * Whose account with a provider sends a channel's messages. `app`: the account of the device's app (`push/senders.ts`).
 * `group`: the account of the subscription group that the message names. `workspace`: the workspace's account; `open`
 * returns null if there is none. Without an account, a message goes to the sandbox. `feed`: nobody's; the server itself stores the message for its person, who fetches it.
 */
export type Providers<Rendered extends object = object> =
  | { of: 'app' }
  | { of: 'feed' }
  | {
      of: 'group';
      /** null: the account is of a kind that the channel does not know. It opens no connection before its first message. */
      open(provider: GroupProvider, options: GroupSenderOptions): GroupSender<Rendered> | null;
    }
  | {
      of: 'workspace';
      open(settings: ChannelSettings, options: SenderOptions): Sender<Rendered> | null;
      /** Absent: the channel has no relays. */
      relays?: RelayPool;
    };
