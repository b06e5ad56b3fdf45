import type { Database, Db } from '../../db/database.ts';
import { retry } from '../../db/retry.ts';
import type { RawObject } from '../../lib/raw/json.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { Remarks } from '../remarks.ts';
import type { AttributesObject, GroupChange } from './attributes.ts';
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
import { emailKey, Roster, tokenKey } from './roster.ts';
import { saveRoster } from './save.ts';
import type { Done } from './save-activities.ts';

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
  const late = isAnyValid ? await retry('people', () => db.byKey.transaction(apply)) : [];
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

/** Applies one request: see `applyRequests`. */
export async function applyTrack(
  tx: Db,
  request: TrackRequest,
  workspace: WorkspaceCatalog,
  now: Date,
): Promise<TrackProblem[]> {
  const [problems = []] = await applyRequests(tx, [request], workspace, now);
  return problems;
}

/**
 * Loads and locks the people, applies the objects of each request in order in memory, and stores the result. Returns what
 * did not fit, for each request.
 */
export async function applyRequests(
  tx: Db,
  requests: readonly TrackRequest[],
  workspace: WorkspaceCatalog,
  now: Date,
): Promise<TrackProblem[][]> {
  const roster = await loadRoster(tx, { requests, workspace, now });
  const done: Done[] = [];
  const problems = requests.map((request) => {
    const late = request.attributes.flatMap(({ index, object }) => {
      const remarks = new Remarks();
      applyAttributes(roster, object, workspace, remarks);
      return remarksOf(index, remarks.all);
    });
    for (const { object } of request.activities) {
      const person = roster.find(object.identifier) ?? (object.creates ? roster.create(object.identifier) : null);
      if (person !== null) done.push({ person, activity: object });
    }
    return late;
  });
  await saveRoster(tx, { roster, done, workspaceId: workspace.id });
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
