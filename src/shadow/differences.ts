import { isObject, own } from '../lib/raw/json.ts';
import type { Treatment } from './endpoints.ts';
import { shapeDifferences, shapeOf } from './shape.ts';

/** An answer as far as it is compared. */
export interface Compared {
  status: number;
  /** Media type in lower case, without parameters. Empty: none. */
  mediaType: string;
  /** Parsed JSON. undefined: the body is not JSON. */
  json: unknown;
}

export const differenceKinds = [
  'unknown_endpoint',
  'accepted',
  'status',
  'content_type',
  'not_json',
  'message',
  'errors',
  'missing',
  'extra',
  'type',
] as const;

export interface Difference {
  kind: (typeof differenceKinds)[number];
  /** Where in the answer. Absent: the answer as a whole. */
  path?: string;
  there?: unknown;
  here?: unknown;
}

/** What differs between the original's answer and ours. Pure. */
export function differencesOf(treatment: Treatment, there: Compared, here: Compared): Difference[] {
  const [theirs, ours] = [isAccepted(there), isAccepted(here)];
  // The rest of an acceptance and of a refusal differs anyway.
  if (theirs !== ours) return [{ kind: 'accepted', there: wordsOf(there), here: wordsOf(here) }];
  const rehearsed = treatment === 'dry_run' && ours;
  const found: Difference[] = [];
  if (there.status !== here.status && !rehearsed)
    found.push({ kind: 'status', there: there.status, here: here.status });
  if (there.mediaType !== here.mediaType)
    found.push({ kind: 'content_type', there: there.mediaType, here: here.mediaType });
  if (there.json === undefined || here.json === undefined) {
    const isJson = (answer: Compared) => answer.json !== undefined;
    if (isJson(there) !== isJson(here)) found.push({ kind: 'not_json', there: isJson(there), here: isJson(here) });
    return found;
  }
  return [...found, ...bodyDifferences(comparable(there.json, rehearsed), comparable(here.json, rehearsed))];
}

/** A dry run has no ids, but tells who would get what; only its `message` and `errors` are those of a send. */
function comparable(json: unknown, rehearsed: boolean): unknown {
  if (!isObject(json)) return json;
  const { cresset: _ours, ...rest } = json;
  if (!rehearsed) return rest;
  return Object.fromEntries(texts.flatMap((key) => (Object.hasOwn(rest, key) ? [[key, rest[key]]] : [])));
}

const texts = ['message', 'error', 'errors'];

function bodyDifferences(there: unknown, here: unknown): Difference[] {
  const found: Difference[] = shapeDifferences(shapeOf(there), shapeOf(here));
  if (!isObject(there) || !isObject(here)) return found;
  for (const key of texts) {
    const [theirs, ours] = [own(there, key), own(here, key)];
    if (theirs === undefined || ours === undefined || JSON.stringify(theirs) === JSON.stringify(ours)) continue;
    // Two texts say more than that members of them differ.
    const others = found.filter(
      ({ path = '' }) => path !== key && !path.startsWith(`${key}[`) && !path.startsWith(`${key}.`),
    );
    found.splice(0, found.length, ...others, {
      kind: key === 'errors' ? 'errors' : 'message',
      path: key,
      there: theirs,
      here: ours,
    });
  }
  return found;
}

function isAccepted({ status }: Compared): boolean {
  return status >= 200 && status < 300;
}

function wordsOf({ status, json }: Compared): object {
  const words = isObject(json) ? Object.fromEntries(texts.map((key) => [key, own(json, key)])) : {};
  return { status, ...words };
}
