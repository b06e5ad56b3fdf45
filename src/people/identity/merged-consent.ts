import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { ConsentSource } from '../consent/record/source.ts';
import type { ConsentChange } from '../consent/record/write.ts';
import type { PersonKey } from '../profile/identify.ts';

interface GlobalStates {
  email: string;
  push: string;
  /** The person's email address in lower case. */
  address: string | null;
}

/** The global states of a person before and after a merge. */
export interface States {
  before: GlobalStates;
  after: GlobalStates;
}

/** A state that a person takes over from another in a group. */
export interface CopiedState {
  groupId: string;
  state: string;
}

export function statesOf(tx: Db, { bucket, userId }: PersonKey): Promise<GlobalStates> {
  return tx.one<GlobalStates & Record<string, unknown>>(sql`
    select email_state as email, push_state as push, lower(email) as address
      from profiles
     where bucket = ${bucket} and user_id = ${userId}`);
}

/** What a merge changes of a person's consent. */
export function changesOf(
  { bucket, userId }: PersonKey,
  source: ConsentSource,
  { states: { before, after }, groups }: { states: States; groups: readonly CopiedState[] },
): ConsentChange[] {
  const of = { bucket, userId, source };
  const global = (['email', 'push'] as const).filter((subject) => before[subject] !== after[subject]);
  return [
    ...global.map((subject) => ({
      ...{ ...of, subject, groupId: null, previous: before[subject], state: after[subject] },
      address: subject === 'email' ? after.address : null,
    })),
    ...groups.map((group) => ({ ...of, ...group, subject: 'group' as const, previous: null, address: null })),
  ];
}

/** What is recorded of the consent of one person becomes that of the other, too. */
export async function copyConsent(tx: Db, from: PersonKey, to: PersonKey): Promise<void> {
  const columns = sql`id, workspace_id, changed_at, subject, group_id, previous, state, address, door, key_name, provider, ip,
                      legal_basis, is_untold`;
  await tx.run(sql`
    insert into consent_changes (bucket, user_id, ${columns})
    select ${to.bucket}, ${to.userId}, ${columns}
      from consent_changes
     where bucket = ${from.bucket} and user_id = ${from.userId}`);
}
