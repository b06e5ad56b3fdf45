import type { Database, Db } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import type { RawObject } from '../../lib/raw/json.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { Remarks } from '../remarks.ts';
import type { Activity } from './activities.ts';
import type { AttributesObject, GroupChange } from './attributes.ts';
import { countActivity } from './count-activity.ts';
import { loadRoster } from './load.ts';
import {
  readLists,
  readTrack,
  remarksOf,
  type TrackArray,
  type TrackProblem,
  type TrackRequest,
  trackArrays,
} from './request.ts';
import { emailKey, type Person, Roster, tokenKey } from './roster.ts';
import { saveRoster } from './save.ts';

export interface TrackOutcome {
  /** The problems of refused objects, and of what was left out of processed ones. */
  problems: TrackProblem[];
  /** Number of processed objects by array. Arrays of which none was processed have none, as in the original. */
  processed: Partial<Record<TrackArray, number>>;
}

export interface TrackOptions {
  body: RawObject;
  workspace: WorkspaceCatalog;
  now: Date;
  /** Logs that this many groups were set without the confirmation for which the request asks. Default: no log. */
  logIgnored?(tx: Db, confirmations: number): Promise<void>;
}

/** Applies the valid objects of a /users/track body in one transaction, and reports the others. Throws RequestError. */
export async function track(
  db: Database,
  { body, workspace, now, logIgnored = async () => undefined }: TrackOptions,
): Promise<TrackOutcome> {
  const lists = readLists(body, workspace.settings.users.trackBatch);
  const request = readTrack(lists, workspace, now);
  const isAnyValid = request.attributes.length + request.activities.length > 0;
  const confirmations = request.attributes.flatMap(({ object }) => object.groups).filter(asksToConfirm).length;
  const apply = async (tx: Db) => {
    if (confirmations > 0) await logIgnored(tx, confirmations);
    return applyTrack(tx, request, workspace, now);
  };
  const late = isAnyValid ? await retry('people', () => db.transaction(apply)) : [];
  const left = request.attributes.flatMap(({ index, object }) => remarksOf(index, object.remarks));
  const problems = [...request.problems, ...left, ...late].sort(byPosition);
  const counted = [...lists].map(([array, list]) => {
    const bad = request.problems.filter((problem) => problem.input_array === array).map(({ index }) => index);
    return [array, list.length - new Set(bad).size] as const;
  });
  return { problems, processed: Object.fromEntries(counted.filter(([, count]) => count > 0)) };
}

function asksToConfirm(group: GroupChange): boolean {
  return group.asksToConfirm;
}

function byPosition(one: TrackProblem, other: TrackProblem): number {
  return trackArrays.indexOf(one.input_array) - trackArrays.indexOf(other.input_array) || one.index - other.index;
}

/** Loads and locks the people, applies the objects in order in memory, and stores the result. Returns what did not fit. */
export async function applyTrack(
  tx: Db,
  request: TrackRequest,
  workspace: WorkspaceCatalog,
  now: Date,
): Promise<TrackProblem[]> {
  const roster = await loadRoster(tx, { request, workspace, now });
  const problems: TrackProblem[] = [];
  for (const { index, object } of request.attributes) {
    const remarks = new Remarks();
    applyAttributes(roster, object, workspace, remarks);
    problems.push(...remarksOf(index, remarks.all));
  }
  const done: { person: Person; activity: Activity }[] = [];
  for (const { object } of request.activities) {
    const person = roster.find(object.identifier) ?? (object.creates ? roster.create(object.identifier) : null);
    if (person !== null) done.push({ person, activity: object });
  }
  await saveRoster(tx, { roster, done, workspaceId: workspace.id });
  await countActivity(tx, { request, roster, done, workspace });
  return problems;
}

function applyAttributes(
  roster: Roster,
  object: AttributesObject,
  workspace: WorkspaceCatalog,
  remarks: Remarks,
): void {
  const { identifier } = object;
  const tokens =
    identifier === null ? object.tokens?.filter((token) => !roster.knownTokens.has(tokenKey(token))) : object.tokens;
  if (identifier === null && tokens?.length === 0) return;
  const found = identifier === null ? null : roster.find(identifier);
  if (found === null && !object.creates) return;
  const custom = Roster.customAfter(found, object.custom, remarks);
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
    roster.spamMarks.set(emailKey(email), object.profile.markedSpamAt);
  roster.touch(person);
}
