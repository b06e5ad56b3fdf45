import type { Db } from '../../db/database.ts';
import { nameKey, type PersonKey, type PersonName, resolveNames } from '../profile/identify.ts';
import { type Prioritization, pickByAddress } from '../profile/prioritization.ts';

/** How a request names a person whose identity changes. */
export type IdentityKey =
  | { kind: 'name'; name: PersonName }
  | { kind: 'email' | 'phone'; address: string; prioritization: Prioritization };

/** The person whom the key names. null: nobody, or an address that several people share after narrowing. */
export async function findByKey(db: Db, workspaceId: number, key: IdentityKey): Promise<PersonKey | null> {
  if (key.kind === 'name') {
    const found = await resolveNames(db, workspaceId, [key.name]);
    return found.get(nameKey(key.name.label, key.name.name)) ?? null;
  }
  const [picked] = await pickByAddress(db, { workspaceId, kind: key.kind, addresses: [key] });
  return picked ?? null;
}
