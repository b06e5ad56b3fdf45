import type { Database, Db } from '../db/database.ts';
import { RequestError } from '../errors.ts';
import type { WorkspaceCatalog } from '../workspace/catalog.ts';
import { type Activity, readEvent, readPurchase } from './activities.ts';
import { type AttributesObject, readAttributes } from './attributes.ts';
import { isObject, ObjectProblem, type RawObject } from './object-problem.ts';
import { retrying } from './retrying.ts';
import { type Person, Roster, tokenKey } from './roster.ts';
import { loadRoster } from './track-load.ts';
import { saveRoster } from './track-save.ts';

export const trackArrays = ['attributes', 'events', 'purchases'] as const;
export type TrackArray = (typeof trackArrays)[number];

/** What was wrong with one object, in the form of the answer. */
export interface TrackProblem {
  type: string;
  input_array: TrackArray;
  index: number;
}

export interface TrackRequest {
  /** Good objects with their place in their array. */
  attributes: { index: number; object: AttributesObject }[];
  activities: { array: 'events' | 'purchases'; index: number; object: Activity }[];
  problems: TrackProblem[];
}

export interface TrackOutcome {
  problems: TrackProblem[];
  /** Good objects by array; only of arrays that were sent. */
  processed: Partial<Record<TrackArray, number>>;
}

const maxObjects = 75;

/** Applies a body of /users/track: the good objects in one transaction, the bad ones told by their place. */
export async function track(
  db: Database,
  { body, workspace, now }: { body: RawObject; workspace: WorkspaceCatalog; now: Date },
): Promise<TrackOutcome> {
  const lists = readLists(body);
  const request = readTrack(lists, workspace, now);
  const isAnyGood = request.attributes.length + request.activities.length > 0;
  const late = isAnyGood ? await retrying(() => db.transaction((tx) => applyTrack(tx, request, workspace, now))) : [];
  const problems = [...request.problems, ...late].sort(byPlace);
  const counted = [...lists].map(([array, list]) => {
    const bad = problems.filter((problem) => problem.input_array === array).length;
    return [array, list.length - bad] as const;
  });
  return { problems, processed: Object.fromEntries(counted) };
}

function byPlace(one: TrackProblem, other: TrackProblem): number {
  return trackArrays.indexOf(one.input_array) - trackArrays.indexOf(other.input_array) || one.index - other.index;
}

function readLists(body: RawObject): Map<TrackArray, unknown[]> {
  const lists = new Map<TrackArray, unknown[]>();
  for (const array of trackArrays) {
    const list = Object.hasOwn(body, array) ? body[array] : undefined;
    if (list === undefined || list === null) continue;
    if (!Array.isArray(list)) throw new RequestError('bad_request', [`${array}: expected an array of objects`]);
    if (list.length > maxObjects) {
      throw new RequestError('max_input_length', [
        `${array}: expected at most ${maxObjects} objects, got ${list.length}`,
      ]);
    }
    lists.set(array, list);
  }
  return lists;
}

function readTrack(lists: ReadonlyMap<TrackArray, unknown[]>, workspace: WorkspaceCatalog, now: Date): TrackRequest {
  const request: TrackRequest = { attributes: [], activities: [], problems: [] };
  const readEach = <T>(array: TrackArray, read: (raw: RawObject) => T): { index: number; object: T }[] =>
    (lists.get(array) ?? []).flatMap((raw, index) => {
      try {
        if (!isObject(raw)) throw new ObjectProblem('expected an object');
        return [{ index, object: read(raw) }];
      } catch (error) {
        request.problems.push(problemOf(error, array, index));
        return [];
      }
    });
  request.attributes = readEach('attributes', (raw) => readAttributes(raw, workspace));
  const events = readEach('events', (raw) => readEvent(raw, now)).map((event) => ({
    array: 'events' as const,
    ...event,
  }));
  const purchases = readEach('purchases', (raw) => readPurchase(raw, now));
  request.activities = [...events, ...purchases.map((purchase) => ({ array: 'purchases' as const, ...purchase }))];
  return request;
}

function problemOf(error: unknown, array: TrackArray, index: number): TrackProblem {
  if (error instanceof ObjectProblem) return { type: error.message, input_array: array, index };
  throw error;
}

/** Loads and locks everybody concerned, applies object by object in memory, stores the result. The problems found on the way. */
async function applyTrack(
  tx: Db,
  request: TrackRequest,
  workspace: WorkspaceCatalog,
  now: Date,
): Promise<TrackProblem[]> {
  const roster = await loadRoster(tx, { request, workspaceId: workspace.id, now });
  const problems: TrackProblem[] = [];
  for (const { index, object } of request.attributes) {
    try {
      applyAttributes(roster, object, workspace);
    } catch (error) {
      problems.push(problemOf(error, 'attributes', index));
    }
  }
  const done: { person: Person; activity: Activity }[] = [];
  for (const { object } of request.activities) {
    const person = roster.find(object.identifier) ?? (object.creates ? roster.create(object.identifier) : null);
    if (person !== null) done.push({ person, activity: object });
  }
  await saveRoster(tx, { roster, done, workspaceId: workspace.id });
  return problems;
}

function applyAttributes(roster: Roster, object: AttributesObject, workspace: WorkspaceCatalog): void {
  const { identifier } = object;
  const tokens =
    identifier === null ? object.tokens?.filter((token) => !roster.knownTokens.has(tokenKey(token))) : object.tokens;
  if (identifier === null && tokens?.length === 0) return;
  const found = identifier === null ? null : roster.find(identifier);
  if (found === null && !object.creates) return;
  // Everything that can fail comes before the first change.
  const custom = Roster.customAfter(found, object.custom);
  const person = found ?? roster.create(identifier);
  roster.changeColumns(person, object.profile.columns);
  person.custom = custom;
  for (const [name, value] of object.profile.extras) {
    if (value === null) person.extras.delete(name);
    else person.extras.set(name, value);
  }
  for (const group of object.groups) {
    roster.setGroup(person, group, workspace.subscriptionGroups.get(group.groupId)?.channel === 'email');
  }
  if (tokens === null || tokens === undefined) roster.dropTokens(person);
  for (const token of tokens ?? []) roster.giveToken(person, token);
  const { email } = person.columns;
  if (object.profile.markedSpamAt !== undefined && email !== null)
    roster.spamMarks.set(email.toLowerCase(), object.profile.markedSpamAt);
  roster.touch(person);
}
