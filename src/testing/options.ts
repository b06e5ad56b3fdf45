// What a test passes to the functions is checked before it is used: a filter that nobody reads would let every message through.
import { didYouMean, nearest } from '../lib/raw/did-you-mean.ts';
import { isObject } from '../lib/raw/json.ts';
import { readIsoTime } from '../lib/time/times.ts';
import { type CressetOptions, channels, type Fault, type MessageFilter } from './cresset.ts';

const FILTERS = ['channel', 'externalId', 'dispatchId'];
const OPTIONS = ['workspace', 'startsAt'];
const FAULT = ['endpoint', 'status', 'headers', 'body', 'times'];
const USUAL_PATIENCE_MS = 5_000;

/** Options of which all parts are known and can be sent to the thread. */
export type CheckedOptions = Omit<CressetOptions, 'startsAt'> & { startsAt?: Date };

/** Throws TypeError. */
export function checkedOptions(given: unknown): CheckedOptions {
  const { workspace, startsAt } = members<CressetOptions>(given, 'option', OPTIONS);
  if (workspace !== undefined && typeof workspace !== 'string' && !isObject(workspace))
    throw new TypeError(`workspace: expected the path of a file or an object, got ${seen(workspace)}`);
  return {
    ...(workspace !== undefined && { workspace }),
    ...(startsAt !== undefined && { startsAt: instantOf(startsAt) }),
  };
}

/** Dates are recognized by what they do: that of a test runner may be of another realm, or a mocked one. */
function instantOf(value: unknown): Date {
  const isDate = Object.prototype.toString.call(value) === '[object Date]';
  const ms = isDate ? Number(value) : typeof value === 'string' ? readIsoTime(value) : null;
  if (ms !== null && Number.isFinite(ms)) return new Date(ms);
  throw new TypeError(`startsAt: expected a Date or an ISO time such as 2026-03-15T12:00:00Z, got ${seen(value)}`);
}

/** Throws TypeError. */
export function checkedFilter(given: unknown): MessageFilter {
  const filter = members<MessageFilter>(given, 'filter', FILTERS);
  const { channel, externalId, dispatchId } = filter;
  if (channel !== undefined && !channels.includes(channel))
    throw new TypeError(`channel: expected one of ${channels.join(', ')}, got ${seen(channel)}`);
  for (const [name, value] of Object.entries({ externalId, dispatchId }))
    if (value !== undefined && typeof value !== 'string')
      throw new TypeError(`${name}: expected a text, got ${seen(value)}`);
  return filter;
}

/** How long to wait for a message, in milliseconds. Throws TypeError. */
export function checkedPatience(given: unknown): number {
  const { timeoutMs = USUAL_PATIENCE_MS } = members<{ timeoutMs?: number }>(given, 'option', ['timeoutMs']);
  if (typeof timeoutMs === 'number' && timeoutMs >= 0) return timeoutMs;
  throw new TypeError(`timeoutMs: expected a number of milliseconds from 0, got ${seen(timeoutMs)}`);
}

/** The values are checked by the thread, which knows the endpoints. Throws TypeError. */
export function checkedFault(given: unknown): Fault {
  return members<Fault>(given, 'member of the fault', FAULT) as Fault;
}

/** Throws TypeError for anything given to a function that takes nothing. `what`: what the function does instead. */
export function takesNothing(given: readonly unknown[], what: string): void {
  if (given.some((value) => value !== undefined)) throw new TypeError(`${what}, and takes nothing`);
}

/** `what`: how a member is called, such as `filter`. */
function members<T extends object>(given: unknown, what: string, known: readonly string[]): Partial<T> {
  if (!isObject(given)) throw new TypeError(`expected an object with ${known.join(', ')}, got ${seen(given)}`);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const meant =
      didYouMean(nearest(name, known)) || `; ${known.join(', ')} ${known.length === 1 ? 'is' : 'are'} known`;
    throw new TypeError(`unknown ${what} ${name}${meant}`);
  }
  return given as Partial<T>;
}

function seen(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 100) ?? String(value);
}
