import { readInteger } from '../../lib/raw/lenient.ts';
import type { Fields } from '../fields.ts';

/** A required text of a visible push. A blank text counts as missing. */
export function requiredText(fields: Fields, key: string): string {
  const text = fields.text(key);
  if (text === undefined || text.trim() === '') fields.require(key);
  return text ?? '';
}

export function readExtra(fields: Fields): Record<string, unknown> | undefined {
  return fields.hash('extra', 'invalid_extra');
}

/** Of `app_id` in a push, which the original does not know either. */
export const toAllApps = 'a push goes to all apps of its platform that a person has';

/** Display priority, -2 to 2. Anything else counts as 0, without an error. */
export function readPriority(fields: Fields): number | undefined {
  return priorityOf(fields.get('priority'));
}

export function priorityOf(value: unknown): number | undefined {
  const reading = readInteger(typeof value === 'string' ? value.trim() : value);
  if (reading.ok && reading.value === undefined) return undefined;
  return reading.ok && reading.value !== undefined && Math.abs(reading.value) <= 2 ? reading.value : 0;
}

export const MAX_TTL_S = 2_419_200; // 28 days

/** Converts a value for a payload that holds only texts: a text stays, anything else becomes JSON. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Size of a payload: the bytes of all keys and values. */
export function payloadBytes(data: Readonly<Record<string, string>>): number {
  return Object.entries(data).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
}

/** A copy without absent members. */
export function present<T>(members: Readonly<Record<string, T | undefined>>): Record<string, T> {
  const kept: [string, T][] = [];
  for (const [key, value] of Object.entries(members)) if (value !== undefined) kept.push([key, value]);
  return Object.fromEntries(kept);
}

/** An optional text after rendering. A blank text counts as absent. */
export function given(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text;
}
