import { createHash } from 'node:crypto';
import type { Order } from '../faults.ts';
import { codedAnswers } from './apns-answers.ts';

/** A token with this prefix asks for an answer: two digits of its code, two digits of the number of tries (00: always). */
const MARK = 'fa11fa11';
const TOKEN_DIGITS = 64;

/** The answer that a device token asks for. null: none. */
export function orderInToken(token: string, tries: number): Order | null {
  if (!token.startsWith(MARK)) return null;
  const answer = codedAnswers[Number.parseInt(token.slice(8, 10), 16)] ?? `code ${token.slice(8, 10)}`;
  const times = Number.parseInt(token.slice(10, 12), 16);
  return times > 0 && tries > times ? null : { answer, retryAfterSeconds: null };
}

/** A device token of 64 digits that asks for `answer` on its first `times` tries. 0: always. */
export function apnsTokenFor(answer: string, rest: string | number, times = 0): string {
  const code = codedAnswers.findIndex((name) => name.toLowerCase() === answer.toLowerCase());
  if (code === -1) throw new RangeError(`no token asks for ${answer}; known are ${codedAnswers.join(', ')}`);
  if (!Number.isInteger(times) || times < 0 || times > 255) throw new RangeError('a token asks 1 to 255 times, or 0');
  return (MARK + hex(code) + hex(times) + digest(rest)).slice(0, TOKEN_DIGITS);
}

/** A device token that asks for nothing. */
export function apnsToken(rest: string | number): string {
  return digest(rest);
}

function hex(value: number): string {
  return value.toString(16).padStart(2, '0');
}

function digest(rest: string | number): string {
  return createHash('sha256').update(String(rest)).digest('hex');
}
