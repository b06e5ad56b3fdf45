import type { Transaction } from '../../db/database.ts';
import { isObject, type Json } from '../../lib/raw/json.ts';
import { idKey, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import { countActivePeople } from '../activity/active-people.ts';
import { addCountsLater, type Happening } from '../activity/counts.ts';
import { type DataType, isKnownName, type KnownName, noteNames } from '../activity/names.ts';
import type { TrackRequest } from './request.ts';
import type { Person, Roster } from './roster.ts';
import type { Done } from './saving/save-activities.ts';

/**
 * Counts what requests tell of, and notes the names that they are the first to use. With names and active people that the
 * process knows, it is one statement, which goes with the commit, and none if nobody is new and nobody did anything.
 */
export async function countActivity(
  tx: Transaction,
  {
    requests,
    roster,
    done,
    workspace,
  }: { requests: readonly TrackRequest[]; roster: Roster; done: readonly Done[]; workspace: WorkspaceCatalog },
): Promise<void> {
  await noteNames(tx, workspace, [...namesOf(done, workspace), ...attributesOf(requests, roster, workspace)]);
  const did = done.flatMap(({ person: { key }, activity: { at } }) => (key === null ? [] : [{ key, at }]));
  await countActivePeople(tx, { workspace, did, now: roster.now });
  addCountsLater(tx, workspace.id, [...peopleOf(roster), ...done.flatMap((one) => happeningsOf(one, workspace))]);
}

function peopleOf({ people, now }: Roster): Happening[] {
  const nameless = { name: '', appId: '', count: 1, revenue: 0 };
  const fresh = people.filter(({ stage }) => stage === 'new').length;
  const sessions = people.flatMap(({ stage, sessions }) => (stage === 'possible' ? [] : sessions));
  return [
    ...(fresh > 0 ? [{ ...nameless, metric: 'new_user' as const, at: now, count: fresh }] : []),
    ...sessions.map((at) => ({ ...nameless, metric: 'session' as const, at })),
  ];
}

function happeningsOf({ activity: { at, appId, did } }: Done, { apps }: WorkspaceCatalog): Happening[] {
  const known = apps.get(idKey(appId ?? ''))?.id ?? '';
  if (did.kind === 'event') return [{ metric: 'event', name: did.name, appId: known, at, count: 1, revenue: 0 }];
  const bought = { metric: did.kind, appId: known, at, count: did.quantity, revenue: did.price * did.quantity };
  return [
    { ...bought, name: did.name },
    { ...bought, name: '' },
  ];
}

function namesOf(done: readonly Done[], workspace: WorkspaceCatalog): KnownName[] {
  return done.flatMap(({ activity: { did } }) => {
    const kind = did.kind === 'event' ? 'event' : 'product';
    return isKnownName(workspace, kind, did.name) ? [] : [{ kind, name: did.name, dataType: null }];
  });
}

/** The custom attributes of which the process does not know that they are stored, if somebody has them now. */
function attributesOf(requests: readonly TrackRequest[], { people }: Roster, workspace: WorkspaceCatalog): KnownName[] {
  const attributes = requests.flatMap((request) => request.attributes);
  const names = new Set(attributes.flatMap(({ object }) => [...object.custom.keys()]));
  return [...names].flatMap((name) => {
    if (isKnownName(workspace, 'custom_attribute', name)) return [];
    const holder = people.find(({ stage, custom }) => stage !== 'possible' && custom.values.has(name));
    return holder === undefined ? [] : [{ kind: 'custom_attribute', name, dataType: dataTypeOf(holder, name) }];
  });
}

function dataTypeOf({ custom }: Person, name: string): DataType {
  const value: Json | undefined = custom.values.get(name);
  if (custom.times.has(name)) return 'Date';
  if (Array.isArray(value)) return value.some(isObject) ? 'Object Array' : 'Array';
  if (isObject(value)) return 'Object';
  return typeof value === 'number' ? 'Number' : typeof value === 'boolean' ? 'Boolean' : 'String';
}
