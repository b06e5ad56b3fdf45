import { RequestError } from '../../errors.ts';
import { didYouMean, nearest } from '../../lib/raw/did-you-mean.ts';
import { isObject, own, type RawObject, shown } from '../../lib/raw/json.ts';
import { isEmpty } from '../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import type { TrackBatch, WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { ConsentSource } from '../consent/record/source.ts';
import { refuseBlocked } from '../profile/identifiers.ts';
import { type Remark, remarksOfRefusal } from '../remarks.ts';
import { type Activity, readEvent, readPurchase } from './activities.ts';
import { type AttributesObject, readAttributes } from './attributes.ts';

export const trackArrays = ['attributes', 'events', 'purchases'] as const;
export type TrackArray = (typeof trackArrays)[number];

/** The problem of one object or of a part of it, in the form of the answer. */
export interface TrackProblem extends Remark {
  input_array: TrackArray;
  index: number;
}

export interface TrackRequest {
  /** The valid objects. `index` is the position in the array. */
  attributes: { index: number; object: AttributesObject }[];
  activities: { array: 'events' | 'purchases'; index: number; object: Activity }[];
  problems: TrackProblem[];
  /** Who changes consent with it, and how. */
  source: ConsentSource;
}

/** How many objects a request may hold. */
export interface ObjectLimits {
  /** Most objects: in one array, or in all of them together. */
  most: number;
  counted: TrackBatch;
}

export const mostObjects = 75;

/** Reads the arrays that were sent. Throws RequestError. Source: adjacent-endpoints.md §2.1. */
export function readLists(
  body: RawObject,
  batch: TrackBatch,
  { most, counted }: ObjectLimits = { most: mostObjects, counted: batch },
): Map<TrackArray, unknown[]> {
  const lists = new Map<TrackArray, unknown[]>();
  for (const array of trackArrays) {
    const list = own(body, array);
    if (isEmpty(list) && !Array.isArray(list)) continue;
    if (!Array.isArray(list)) throw new RequestError('bad_request', [`${array}: expected an array of objects`]);
    refuseMany(array, list.length, most);
    lists.set(array, list);
  }
  const total = [...lists.values()].reduce((sum, { length }) => sum + length, 0);
  if (counted === 'combined') refuseMany('attributes, events and purchases together', total, most);
  return lists;
}

/** Most members that are looked at for slips of the pen. */
const mostSlips = 100;

/** What other libraries call the arrays. */
const otherNames: ReadonlyMap<string, TrackArray> = new Map([
  ['users', 'attributes'],
  ['profiles', 'attributes'],
  ['user_attributes', 'attributes'],
  ['custom_events', 'events'],
]);

/** Members that were probably meant to be one of the arrays, such as `attribute`, and other arrays. They are ignored, as in the original. */
export function slipsIn(body: RawObject): string[] {
  const others = Object.keys(body).filter((key) => !trackArrays.some((array) => array === key));
  return others.slice(0, mostSlips).flatMap((key) => {
    const meant = otherNames.get(key) ?? nearest(key, trackArrays);
    if (meant !== null) return [`${shown(key)}: not known, ignored${didYouMean(meant)}`];
    return Array.isArray(body[key]) ? [`${shown(key)}: not known, ignored; expected ${trackArrays.join(', ')}`] : [];
  });
}

function refuseMany(what: string, count: number, most: number): void {
  if (count <= most) return;
  throw new RequestError('max_input_length', [
    `${what}: expected at most ${most} ${most === 1 ? 'object' : 'objects'}, got ${count}`,
  ]);
}

/** Reads the objects of these arrays, and lists the problems of the invalid ones. */
export function readTrack(
  lists: ReadonlyMap<TrackArray, unknown[]>,
  { workspace, source, now }: { workspace: WorkspaceCatalog; source: ConsentSource; now: Date },
): TrackRequest {
  const problems: TrackProblem[] = [];
  const readEach = <T>(array: TrackArray, read: (raw: RawObject) => T) =>
    readObjects(
      array,
      (lists.get(array) ?? []).map((raw) => () => raw),
      read,
      problems,
    );
  const admitted = (activity: Activity): Activity => {
    refuseBlocked(activity.identifier, workspace);
    return activity;
  };
  const attributes = readEach('attributes', (raw) => readAttributes(raw, workspace));
  const events = readEach('events', (raw) => admitted(readEvent(raw, now))).map((event) => ({
    array: 'events' as const,
    ...event,
  }));
  const purchases = readEach('purchases', (raw) => admitted(readPurchase(raw, now)));
  const activities = [...events, ...purchases.map((purchase) => ({ array: 'purchases' as const, ...purchase }))];
  return { attributes, activities, problems, source };
}

/** Returns the valid objects with their index; adds to `problems` for the others. A source may throw ObjectProblem. */
export function readObjects<T>(
  array: TrackArray,
  sources: readonly (() => unknown)[],
  read: (raw: RawObject) => T,
  problems: TrackProblem[],
): { index: number; object: T }[] {
  return sources.flatMap((source, index) => {
    try {
      const raw = source();
      if (!isObject(raw)) throw new ObjectProblem('expected an object');
      return [{ index, object: read(raw) }];
    } catch (error) {
      problems.push(...problemsOf(error, array, index));
      return [];
    }
  });
}

/** What was left out of an object of `attributes`, in the form of the answer. */
export function remarksOf(index: number, remarks: readonly Remark[]): TrackProblem[] {
  return remarks.map((remark) => ({ ...remark, input_array: 'attributes', index }));
}

/** The problems of a refused object, from an ObjectProblem. Throws any other error again. */
function problemsOf(error: unknown, array: TrackArray, index: number): TrackProblem[] {
  if (!(error instanceof ObjectProblem)) throw error;
  return remarksOfRefusal(error).map((remark) => ({ ...remark, input_array: array, index }));
}
