import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { own, type RawObject } from '../../lib/raw/json.ts';
import { isEmpty } from '../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import type { PersonKey } from './identify.ts';

export const priorities = ['identified', 'unidentified', 'most_recently_updated', 'least_recently_updated'] as const;
export type Priority = (typeof priorities)[number];
/** Each element narrows the people who share an address, in order. */
export type Prioritization = readonly Priority[];

/** Reads the order in which people who share an address are narrowed down. A single word counts as a list of one. */
export function readPrioritization(raw: RawObject, path: string): Prioritization {
  const given = own(raw, 'prioritization');
  const at = `${path}.prioritization`;
  if (isEmpty(given)) return [];
  if (typeof given === 'boolean') throw new ObjectProblem(`${at}: expected an array`);
  const list = (Array.isArray(given) ? given : [given]).map((value: unknown) => {
    const priority = priorities.find((known) => known === value);
    if (priority === undefined) throw new ObjectProblem(`${at}: expected ${priorities.join(', ')}`);
    return priority;
  });
  const isContradictory = list.includes('identified') && list.includes('unidentified');
  if (isContradictory) throw new ObjectProblem(`${at}: expected either identified or unidentified`);
  // To narrow twice in the same way changes nothing, and takes time.
  return [...new Set(list)];
}

interface Candidate extends PersonKey {
  isIdentified: boolean;
  updatedAt: Date;
}

/** The one person left after narrowing. null: none or several are left. */
export function narrow<One extends Candidate>(candidates: readonly One[], prioritization: Prioritization): One | null {
  let left = candidates;
  for (const priority of prioritization) left = narrowed(left, priority);
  const [first] = left;
  return left.length === 1 && first !== undefined ? first : null;
}

function narrowed<One extends Candidate>(candidates: readonly One[], priority: Priority): readonly One[] {
  if (priority === 'identified') return candidates.filter(({ isIdentified }) => isIdentified);
  if (priority === 'unidentified') return candidates.filter(({ isIdentified }) => !isIdentified);
  const times = candidates.map(({ updatedAt }) => updatedAt.getTime());
  const wanted = priority === 'most_recently_updated' ? Math.max(...times) : Math.min(...times);
  return candidates.filter(({ updatedAt }) => updatedAt.getTime() === wanted);
}

/** The most people considered per address. An address that more people share names nobody. */
const maxCandidates = 1_000;

interface AddressQuestion {
  workspaceId: number;
  kind: 'email' | 'phone';
  addresses: readonly { address: string; prioritization: Prioritization }[];
}

/** Whom an address names. `person` null: nobody, or several who are left after narrowing. */
export interface AddressAnswer {
  person: (PersonKey & { createdAt: Date }) | null;
  /** Number of people who have the address. */
  holders: number;
}

/** The people whom the addresses name. An address that does not name exactly one person is left out. */
export async function pickByAddress(db: Db, question: AddressQuestion): Promise<PersonKey[]> {
  const answers = await askAddresses(db, question);
  return answers.flatMap(({ person }) => (person === null ? [] : [{ bucket: person.bucket, userId: person.userId }]));
}

/** Whom each of the addresses names, in order. */
export async function askAddresses(
  db: Db,
  { workspaceId, kind, addresses }: AddressQuestion,
): Promise<AddressAnswer[]> {
  if (addresses.length === 0) return [];
  const has =
    kind === 'email' ? sql`email is not null and lower(email) = lower(asked.address)` : sql`phone = asked.address`;
  const rows = await db.query<{
    ordinal: number;
    bucket: number;
    user_id: number;
    identified: boolean;
    updated_at: Date;
    created_at: Date;
  }>(sql`
    select asked.ordinal, p.bucket, p.user_id, p.external_id is not null as identified, p.updated_at, p.created_at
      from unnest(${addresses.map(({ address }) => address)}::text[]) with ordinality as asked(address, ordinal)
     cross join lateral (select * from profiles where workspace_id = ${workspaceId} and ${has} limit ${maxCandidates + 1}) as p`);
  return addresses.map(({ prioritization }, index) => {
    const candidates = rows
      .filter(({ ordinal }) => ordinal === index + 1)
      .map((row) => ({
        bucket: row.bucket,
        userId: row.user_id,
        isIdentified: row.identified,
        updatedAt: row.updated_at,
        createdAt: row.created_at,
      }));
    const picked = candidates.length > maxCandidates ? null : narrow(candidates, prioritization);
    return { person: picked, holders: candidates.length };
  });
}
