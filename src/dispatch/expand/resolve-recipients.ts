import type { Db } from '../../db/database.ts';
import { findByBrazeIds } from '../../people/profile/find-person.ts';
import { type PersonKey, resolveNames } from '../../people/profile/identify.ts';
import { askAddresses } from '../../people/profile/prioritization.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { type RecipientName, recipientKey } from '../plan/send-plan.ts';

/** The people whom requests name, by `recipientKey`. Names of nobody are missing. */
export type Resolved = Map<string, PersonKey>;

/** Looks up the people whom these dispatches name, with one query per workspace and kind of name. By workspace id. */
export async function resolveAll(db: Db, dispatches: readonly LoadedDispatch[]): Promise<Map<number, Resolved>> {
  const byWorkspace = Map.groupBy(dispatches, ({ workspace }) => workspace.id);
  const found = new Map<number, Resolved>();
  for (const [workspaceId, group] of byWorkspace) {
    const names = new Map(group.flatMap(({ plan }) => plan.names.map((name) => [recipientKey(name), name])));
    found.set(workspaceId, await resolve(db, workspaceId, [...names.values()]));
  }
  return found;
}

/** Looks up people of one workspace. */
export async function resolve(db: Db, workspaceId: number, names: readonly RecipientName[]): Promise<Resolved> {
  const plain = names.filter(({ by }) => by === undefined);
  const found: Resolved = plain.length === 0 ? new Map() : await resolveNames(db, workspaceId, plain);
  if (plain.length === names.length) return found;
  const ids = names.filter(({ by }) => by === 'braze_id');
  const byId = await findByBrazeIds(
    db,
    workspaceId,
    ids.map(({ name }) => name),
  );
  const emails = names.filter(({ by }) => by === 'email');
  const addresses = emails.map(({ name, prioritization = [] }) => ({ address: name, prioritization }));
  const answers = await askAddresses(db, { workspaceId, kind: 'email', addresses });
  const others = [
    ...ids.map((name) => [name, byId.get(name.name)] as const),
    ...emails.map((name, index) => [name, answers[index]?.person] as const),
  ];
  for (const [name, person] of others) {
    if (person) found.set(recipientKey(name), { bucket: person.bucket, userId: person.userId });
  }
  return found;
}
