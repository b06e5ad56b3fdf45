import type { Fault, MessageFilter, Person, SentMessage } from './cresset.ts';
import type { CheckedOptions } from './options.ts';

/** A message filter with everything that a thread can be sent. */
export interface Wait {
  filter: MessageFilter;
  timeoutMs: number;
}

/** What the thread of the doubles can be asked. `id`: which double is meant. */
export interface Calls {
  open(options: CheckedOptions): { id: number; url: string; key: string };
  people(id: number): Person[];
  sent(id: number, filter: MessageFilter): SentMessage[];
  waitForMessage(id: number, wait: Wait): SentMessage;
  now(id: number): Date;
  advance(id: number, ms: number): void;
  reset(id: number): void;
  fail(id: number, fault: Fault): void;
  lag(id: number, ms: number): void;
  close(id: number): void;
  /** Starts a database that other processes may use. Returns its URL. */
  shareDatabase(): string;
  stop(): void;
}

export type CallName = keyof Calls;

export interface Call {
  number: number;
  name: CallName;
  args: readonly unknown[];
}

export type Reply = { number: number; value: unknown } | { number: number; error: { name: string; message: string } };
