import type { Transaction } from '../../db/database.ts';
import { withEntry, withoutEntry } from '../../lib/lazy-map.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { leftGroups } from '../consent/left-groups.ts';
import { Remarks } from '../remarks.ts';
import type { AttributesObject } from './attributes.ts';
import { countActivity } from './count-activity.ts';
import { loadRoster } from './load.ts';
import { remarksOf, type TrackProblem, type TrackRequest } from './request.ts';
import { emailKey, type Person, Roster, tokenKey } from './roster.ts';
import { saveRoster } from './saving/save.ts';
import type { Done } from './saving/save-activities.ts';
import { type Past, savePasts } from './saving/save-pasts.ts';
import { columnsBeside, groupsBeside, statedBy, takeHistory } from './take-history.ts';

/** Applies one request: see `applyRequests`. */
export async function applyTrack(
  tx: Transaction,
  request: TrackRequest,
  workspace: WorkspaceCatalog,
  now: Date,
  isFirstTry = false,
): Promise<TrackProblem[]> {
  const [problems = []] = await applyRequests(tx, [request], { workspace, now, isFirstTry });
  return problems;
}

/**
 * Loads and locks the people, applies the objects of each request in order in memory, and stores the result. Returns what
 * did not fit, for each request. `isFirstTry`: the transaction is repeated after a `unique_violation`, without it then.
 */
export async function applyRequests(
  tx: Transaction,
  requests: readonly TrackRequest[],
  { workspace, now, isFirstTry }: { workspace: WorkspaceCatalog; now: Date; isFirstTry: boolean },
): Promise<TrackProblem[][]> {
  const roster = await loadRoster(tx, { requests, workspace, now, isFirstTry });
  const left = await groupsLeft(tx, requests, roster);
  const done: Done[] = [];
  const pasts: Past[] = [];
  const problems = requests.map((request) => {
    roster.source = request.source;
    const late = request.attributes.flatMap(({ index, object }) => {
      const remarks = new Remarks();
      const person = applyAttributes(roster, object, { workspace, left, remarks });
      const { history } = object;
      if (person !== null && history !== undefined) pasts.push({ request, index, person, history });
      return remarksOf(index, remarks.all);
    });
    for (const { object } of request.activities) {
      const person = roster.find(object.identifier) ?? (object.creates ? roster.create(object.identifier) : null);
      if (person !== null) done.push({ person, activity: object });
    }
    return late;
  });
  await saveRoster(tx, { roster, done, workspaceId: workspace.id });
  const taken = pasts.length === 0 ? [] : await savePasts(tx, { pasts, workspace });
  await countActivity(tx, { requests, roster, done, workspace });
  for (const { request, index, problem } of taken)
    problems[requests.indexOf(request)]?.push(...remarksOf(index, [{ type: problem }]));
  return problems;
}

/** The groups that people have left, of whom a history may say otherwise. */
async function groupsLeft(
  tx: Transaction,
  requests: readonly TrackRequest[],
  { people }: Roster,
): Promise<Set<string>> {
  const isAsked = requests.some(({ attributes }) =>
    attributes.some(({ object }) => object.history !== undefined && object.groups.length > 0),
  );
  if (!isAsked) return new Set();
  return leftGroups(
    tx,
    people.flatMap(({ stage, key }) => (stage === 'stored' && key !== null ? [key] : [])),
  );
}

/** Applies one object in memory. Returns the person whom it changes. null: it changes nobody. */
function applyAttributes(
  roster: Roster,
  object: AttributesObject,
  { workspace, left, remarks }: { workspace: WorkspaceCatalog; left: ReadonlySet<string>; remarks: Remarks },
): Person | null {
  const { identifier, history } = object;
  const tokens =
    identifier === null ? object.tokens?.filter((token) => !roster.knownTokens.has(tokenKey(token))) : object.tokens;
  if (identifier === null && tokens?.length === 0) return null;
  const found = identifier === null ? null : roster.find(identifier);
  if (found === null && !object.creates) return null;
  const custom = Roster.customAfter(found, object.custom, remarks);
  const person = found ?? roster.create(identifier);
  const before = history === undefined ? null : statedBy(found);
  const columns = history === undefined ? object.profile.columns : columnsBeside(object, found, roster, remarks);
  roster.changeColumns(person, columns);
  if (history !== undefined) takeHistory(person, object, before);
  person.custom = custom;
  for (const [name, value] of object.profile.extras) {
    person.extras = value === null ? withoutEntry(person.extras, name) : withEntry(person.extras, name, value);
  }
  const groups = history === undefined ? object.groups : groupsBeside(object, person, left, remarks);
  for (const group of groups) {
    roster.setGroup(person, group, workspace.subscriptionGroups.get(group.groupId)?.channel === 'email');
  }
  if (tokens === null || tokens === undefined) roster.dropTokens(person);
  for (const token of tokens ?? []) roster.giveToken(person, token);
  const { email } = person.columns;
  if (object.profile.markedSpamAt !== undefined && email !== null)
    roster.spamMarks.set(emailKey(email), object.profile.markedSpamAt);
  roster.touch(person);
  return person;
}
