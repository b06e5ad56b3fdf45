import type { Outcome } from '../../outcome.ts';

/** The person has stopped marketing messages of the business. */
export const STOPPED_MARKETING = 131_050;
/** More than 24 hours since the person last wrote. 470 is its number in older versions. */
export const outsideWindow: ReadonlySet<number> = new Set([131_047, 470]);

/** The token, a permission, the account, its payment or its registration: no message of the number goes out. */
const ourFault: ReadonlySet<number> = new Set([
  ...[0, 3, 10, 190, 368],
  ...[130_497, 131_005, 131_031, 131_042, 131_045, 133_010],
]);
/** Permissions that are missing or were withdrawn. */
const isPermission = (code: number) => code >= 200 && code <= 299;

/** The whole number sends too fast. */
const tooFast: ReadonlySet<number> = new Set([4, 80_007, 130_429]);
const TOO_FAST_WAIT_MS = 5_000;
/** Too many messages of the number were reported or blocked. */
const SPAM_LIMIT = 131_048;
const SPAM_WAIT_MS = 3_600_000;
/** Too many messages to one person. Only that person's wait. */
const PAIR_LIMIT = 131_056;
const trouble: ReadonlySet<number> = new Set([1, 2, 131_000, 131_016, 131_057]);

/**
 * The outcome that one of Meta's error codes stands for, whatever the HTTP status. Every other code refuses this message
 * and leaves the number good. Source: messaging-objects.md §8.5.
 */
export function outcomeOf(code: number): Outcome {
  const reason = String(code);
  if (ourFault.has(code) || isPermission(code)) return { kind: 'config_error', reason };
  if (tooFast.has(code)) return { kind: 'retry', reason, afterMs: TOO_FAST_WAIT_MS, slows: 'account' };
  if (code === SPAM_LIMIT) return { kind: 'retry', reason, afterMs: SPAM_WAIT_MS, slows: 'account' };
  if (code === PAIR_LIMIT || trouble.has(code)) return { kind: 'retry', reason };
  return { kind: 'failed', reason, ...(code === STOPPED_MARKETING && { optsOut: true }) };
}
