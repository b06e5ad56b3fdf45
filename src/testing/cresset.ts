export const channels = [
  'android_push',
  'apple_push',
  'content_card',
  'email',
  'kindle_push',
  'sms',
  'web_push',
  'webhook',
  'whats_app',
] as const;

/** The keys of a request's `messages`. */
export type Channel = (typeof channels)[number];

export interface CressetOptions {
  /**
   * What an operator defines: the path of a workspace file, or its content as an object. Credentials of providers, relays and
   * event webhooks in it are left out, so no message leaves the machine. Default: one segment of everybody.
   */
  workspace?: string | Readonly<Record<string, unknown>>;
  /**
   * When the clock of the double starts, at first and after every `reset`: a Date, or an ISO 8601 time such as
   * `2026-03-15T12:00:00Z`, in UTC if it has no zone. Default: the present.
   */
  startsAt?: Date | string;
}

/** A message as it would have been sent: an entry of `GET /sandbox/messages`. */
export interface SentMessage {
  dispatch_id: string;
  /** null: the person has none, or is deleted. */
  external_id: string | null;
  channel: Channel;
  /** Where it went, such as an email address. null: the channel has none. */
  address: string | null;
  /** RFC 3339, by the clock of the double. */
  delivered_at: string;
  /** The rendered message, in the form of its channel. */
  message: Record<string, unknown>;
}

/** Which messages are meant. Absent members mean any. */
export interface MessageFilter {
  channel?: Channel;
  externalId?: string;
  dispatchId?: string;
}

/** A fault that the double answers with, instead of doing what the request asks. */
export interface Fault {
  /** The path of an endpoint of the server such as `/users/track`, which means any method, or `POST /users/track`. */
  endpoint: string;
  /** 200 to 599. */
  status: number;
  headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, another value as JSON. Default: `{"message": …}` with the name of the status. */
  body?: unknown;
  /** How many requests get the fault. Default: 1. */
  times?: number;
}

/** A stored person, in the form of `POST /users/export/ids`. */
export type Person = Record<string, unknown>;

/** One workspace of the test double, with a server and a database of its own. */
export interface Cresset {
  /** The base URL, without a slash at its end. It stays the same after `reset`. */
  readonly url: string;
  /** An API key with every permission. It stays the same after `reset`. */
  readonly key: string;
  /** Returns everybody who is stored, oldest first. */
  people(): Promise<Person[]>;
  /** Returns the messages sent so far, in the order of their delivery. It first waits until everything that is due is done. */
  sent(filter?: MessageFilter): Promise<SentMessage[]>;
  /**
   * Returns the first such message, and waits for it. Rejects after `timeoutMs` (of the real clock, default 5,000) with what
   * became of the person's messages instead.
   */
  waitForMessage(filter?: MessageFilter, options?: { timeoutMs?: number }): Promise<SentMessage>;
  readonly clock: {
    now(): Promise<Date>;
    /** Moves the clock on and waits until everything that is then due is done. Between calls it runs like any other. */
    advance(ms: number): Promise<void>;
  };
  /** Back to the beginning: no people, messages, faults or lag; the definitions, the URL and the key stay. */
  reset(): Promise<void>;
  /** Answers the next requests to an endpoint with a fault. Faults of one endpoint are used up in the order of these calls. */
  fail(fault: Fault): Promise<void>;
  /**
   * From now on, what `/users/track` and `/users/track/bulk` write is answered at once and seen by reads, sends and other
   * calls only `ms` milliseconds later, by the clock of the double, as with the original. 0: at once, as in the beginning.
   */
  lag(ms: number): Promise<void>;
  close(): Promise<void>;
}
