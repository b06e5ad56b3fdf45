import type { Db } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import type { PersonKey } from '../../profile/identify.ts';
import { askedFor, inBucketsOf } from '../../profile/person-keys.ts';
import type { ConsentDoor } from './source.ts';

/** A recorded change, as it is shown. */
export interface RecordedChange {
  id: number;
  userId: number;
  changedAt: Date;
  subject: 'email' | 'push' | 'group';
  groupId: string | null;
  previous: string | null;
  state: string;
  address: string | null;
  door: ConsentDoor;
  key: string | null;
  provider: string | null;
  ip: string | null;
  legalBasis: string | null;
}

/** Fragment: what is read of a row `c`. */
export const recordedColumns = sql`
           c.id, c.user_id as "userId", c.changed_at as "changedAt", c.subject, c.group_id as "groupId", c.previous, c.state,
           c.address, c.door, c.key_name as key, c.provider, c.ip, c.legal_basis as "legalBasis"`;

/** The changes of one person, newest first. `before`: the id after which a page begins. null: at the newest. */
export function listConsent(
  db: Db,
  { bucket, userId }: PersonKey,
  { before, limit }: { before: number | null; limit: number },
): Promise<RecordedChange[]> {
  return db.query<RecordedChange & Record<string, unknown>>(sql`
    select ${recordedColumns}
      from consent_changes c
     where c.bucket = ${bucket} and c.user_id = ${userId} and (${before}::bigint is null or c.id < ${before})
     order by c.id desc
     limit ${limit}`);
}

/** The newest changes of each of these people, at most `most` of each, newest first. */
export function listConsentOf(db: Db, people: readonly PersonKey[], most: number): Promise<RecordedChange[]> {
  return db.query<RecordedChange & Record<string, unknown>>(sql`
    select c.*
      from ${askedFor(people)}
     cross join lateral (
           select ${recordedColumns}
             from consent_changes c
            where ${inBucketsOf(people, sql`c.bucket`)} and c.bucket = asked.bucket and c.user_id = asked.user_id
            order by c.id desc
            limit ${most}) as c`);
}

/** A change in the form of answers. */
export function changeAnswer(change: RecordedChange): object {
  const { changedAt, subject, groupId, previous, state, address, door, key, provider, ip, legalBasis } = change;
  return {
    changed_at: changedAt.toISOString(),
    of: subject === 'group' ? 'subscription_group' : subject,
    ...(groupId !== null && { subscription_group_id: groupId }),
    previous_state: previous,
    state,
    address,
    door,
    ...(key !== null && { api_key: key }),
    ...(provider !== null && { provider }),
    ...(ip !== null && { ip }),
    ...(legalBasis !== null && { legal_basis: legalBasis }),
  };
}
