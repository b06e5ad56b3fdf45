import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import { ToolError } from '../refusal.ts';
import type { Reach } from './reach.ts';

/** How long a token may be confirmed. */
export const TOKEN_MS = 600_000;
/** Most tokens that are kept, and most bytes of their bodies. The oldest go first. */
const MOST_TOKENS = 50;
const MOST_BYTES = 16 * 1024 * 1024;
/** Most confirmations that are remembered. */
const MOST_CONFIRMED = 1_000;

export const sendOperations = [
  'POST /messages/send',
  'POST /campaigns/trigger/send',
  'POST /canvas/trigger/send',
] as const;

/** A send that was tried by a dry run. */
export interface Rehearsal {
  operation: (typeof sendOperations)[number];
  /** The body as JSON. These very bytes are sent. */
  body: string;
  isBroadcast: boolean;
  reach: Reach;
  expiresAt: Date;
  /** Stands for this send. Every attempt has it, so that the server accepts the send once. */
  idempotencyKey: string;
  /** Whether it was sent once without an answer, so that nobody knows whether it was accepted. */
  isUnclear: boolean;
}

/** What a confirmed send was answered. */
export type Outcome = Record<string, unknown>;

/**
 * The sends that may be confirmed, by their tokens. A token is known to this process only. It is used up when its send is
 * accepted, or when whom it reaches has changed.
 */
export class Rehearsals {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Rehearsal>();
  readonly #running = new Map<string, Promise<Outcome>>();
  readonly #confirmed = new Map<string, Outcome>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the token of a new rehearsal, and when it expires. */
  keep(send: Pick<Rehearsal, 'operation' | 'body' | 'isBroadcast' | 'reach'>): { token: string; expiresAt: Date } {
    const token = randomBytes(24).toString('base64url');
    const expiresAt = new Date(this.#clock.now().getTime() + TOKEN_MS);
    const idempotencyKey = `cresset-mcp-${createHash('sha256').update(token).update(send.body).digest('base64url')}`;
    this.#kept.set(token, { ...send, expiresAt, idempotencyKey, isUnclear: false });
    this.#dropOldest();
    return { token, expiresAt };
  }

  /**
   * Carries out `send` for a token, and returns what the send was answered. A token whose send is running or was accepted
   * gets the answer of that one (`isRepeated`). Throws ToolError for a token that is not known here or has expired.
   */
  async confirm(
    token: string,
    send: (rehearsal: Rehearsal) => Promise<Outcome>,
  ): Promise<{ outcome: Outcome; isRepeated: boolean }> {
    const earlier = this.#confirmed.get(token) ?? this.#running.get(token);
    if (earlier !== undefined) return { outcome: await earlier, isRepeated: true };
    const rehearsal = this.#find(token);
    const running = send(rehearsal);
    this.#running.set(token, running);
    try {
      const outcome = await running;
      this.#kept.delete(token);
      this.#remember(token, outcome);
      return { outcome, isRepeated: false };
    } finally {
      this.#running.delete(token);
    }
  }

  /** Makes a token useless. */
  drop(token: string): void {
    this.#kept.delete(token);
  }

  #find(token: string): Rehearsal {
    const rehearsal = this.#kept.get(token);
    if (rehearsal === undefined)
      throw new ToolError(
        'This token is not known here: it was not given by a dry_run_send of this session, or is used up. This call sent nothing. Call dry_run_send again.',
      );
    if (this.#clock.now() < rehearsal.expiresAt) return rehearsal;
    const { isUnclear, idempotencyKey } = rehearsal;
    if (!isUnclear) this.#kept.delete(token);
    throw new ToolError(
      isUnclear
        ? `This token has expired, and its send was tried without an answer. list_dispatches with idempotency_key ${idempotencyKey} says whether it was accepted.`
        : 'This token has expired: it is valid for ten minutes. Nothing was sent. Call dry_run_send again.',
    );
  }

  #remember(token: string, outcome: Outcome): void {
    this.#confirmed.set(token, outcome);
    for (const oldest of this.#confirmed.keys()) {
      if (this.#confirmed.size <= MOST_CONFIRMED) return;
      this.#confirmed.delete(oldest);
    }
  }

  #dropOldest(): void {
    let bytes = 0;
    for (const { body } of this.#kept.values()) bytes += Buffer.byteLength(body);
    for (const [token, { body }] of this.#kept) {
      if (this.#kept.size <= MOST_TOKENS && bytes <= MOST_BYTES) return;
      this.#kept.delete(token);
      bytes -= Buffer.byteLength(body);
    }
  }
}
