import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { PersonKey } from './identify.ts';

export const priorities = ['identified', 'unidentified', 'most_recently_updated', 'least_recently_updated'] as const;
export type Priority = (typeof priorities)[number];
/** Each element narrows the people who share an address, in order. */
export type Prioritization = readonly Priority[];

interface Candidate extends PersonKey {
  isIdentified: boolean;
  updatedAt: Date;
}

/** The one person left after narrowing. null: none or several are left. */
export function narrow(candidates: readonly Candidate[], prioritization: Prioritization): Candidate | null {
  let left = candidates;
  for (const priority of prioritization) left = narrowed(left, priority);
  const [first] = left;
  return left.length === 1 && first !== undefined ? first : null;
}

function narrowed(candidates: readonly Candidate[], priority: Priority): readonly Candidate[] {
  if (priority === 'identified') return candidates.filter(({ isIdentified }) => isIdentified);
  if (priority === 'unidentified') return candidates.filter(({ isIdentified }) => !isIdentified);
  const times = candidates.map(({ updatedAt }) => updatedAt.getTime());
  const wanted = priority === 'most_recently_updated' ? Math.max(...times) : Math.min(...times);
  return candidates.filter(({ updatedAt }) => updatedAt.getTime() === wanted);
}

/** The most people considered per address. An address that more people share names nobody. */
const maxCandidates = 1_000;

/** The people whom the addresses name. An address that does not name exactly one person is left out. */
export async function pickByAddress(
  db: Db,
  {
    workspaceId,
    kind,
    addresses,
  }: {
    workspaceId: number;
    kind: 'email' | 'phone';
    addresses: readonly { address: string; prioritization: Prioritization }[];
  },
): Promise<PersonKey[]> {
  if (addresses.length === 0) return [];
  const has =
    kind === 'email' ? sql`email is not null and lower(email) = lower(asked.address)` : sql`phone = asked.address`;
  const rows = await db.query<{
    ordinal: number;
    bucket: number;
    user_id: number;
    identified: boolean;
    updated_at: Date;
  }>(sql`
    select asked.ordinal, p.bucket, p.user_id, p.external_id is not null as identified, p.updated_at
      from unnest(${addresses.map(({ address }) => address)}::text[]) with ordinality as asked(address, ordinal)
     cross join lateral (select * from profiles where workspace_id = ${workspaceId} and ${has} limit ${maxCandidates + 1}) as p`);
  return addresses.flatMap(({ prioritization }, index) => {
    const candidates = rows
      .filter(({ ordinal }) => ordinal === index + 1)
      .map((row) => ({
        bucket: row.bucket,
        userId: row.user_id,
        isIdentified: row.identified,
        updatedAt: row.updated_at,
      }));
    const picked = candidates.length > maxCandidates ? null : narrow(candidates, prioritization);
    return picked === null ? [] : [{ bucket: picked.bucket, userId: picked.userId }];
  });
}
