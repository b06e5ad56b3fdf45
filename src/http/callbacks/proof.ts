import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../../lib/clock.ts';
import { Repeats } from '../../lib/repeats.ts';
import type { PageRequest } from '../page.ts';

/**
 * Compares a text that somebody sent with the right one in a time that tells nothing of it. Never throws; an absent text and an
 * empty right one are never equal to anything.
 */
export function isSame(given: string | Buffer | null | undefined, right: string | Buffer | null | undefined): boolean {
  if (given === null || given === undefined || right === null || right === undefined || right.length === 0)
    return false;
  const digest = (text: string | Buffer) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(right));
}

/** The HMAC of bytes, as providers sign. */
export function hmac(
  algorithm: 'sha1' | 'sha256',
  secret: string | Buffer,
  ...parts: readonly (string | Buffer)[]
): Buffer {
  const mac = createHmac(algorithm, secret);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** A header's text. null: it is absent, or came more than once. */
export function headerOf({ headers }: Pick<PageRequest, 'headers'>, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value : null;
}

/** Logs callbacks that are refused: once a minute for each provider, workspace and reason, however many there are. */
export class Refusals {
  readonly #repeats: Repeats;
  readonly #log: Logger;

  constructor({ clock, log }: { clock: Clock; log: Logger }) {
    this.#repeats = new Repeats(clock);
    this.#log = log;
  }

  /** `reason`: for operators, without anything that the caller sent. `workspaceId` null: not known. */
  note(refusal: { provider: string; workspaceId: number | null; reason: string }): void {
    if (!this.#repeats.isRepeated(JSON.stringify(refusal))) this.#log.warn(refusal, 'a callback was refused');
  }
}
