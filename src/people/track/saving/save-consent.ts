import type { Db, Transaction } from '../../../db/database.ts';
import { sql } from '../../../db/sql.ts';
import type { ConsentSource } from '../../consent/record/source.ts';
import { type ConsentChange, recordConsentLater } from '../../consent/record/write.ts';
import { type GroupState, groupStateKey, saveGroupStates } from '../../consent/save-group-states.ts';
import type { Roster } from '../roster.ts';
import type { Keyed } from './profile-columns.ts';

interface Saved {
  roster: Roster;
  /** Those whom requests change or make. Their profiles are stored. */
  people: readonly Keyed[];
}

/**
 * Stores the states of the people who only share an address with them and of groups, and records what changed. Without a
 * change of consent there is no statement.
 */
export async function saveConsent(
  tx: Transaction,
  { roster, people, workspaceId }: Saved & { workspaceId: number },
): Promise<void> {
  const own = people.flatMap(({ key, columns: { email }, consents }) =>
    consents.map((change): ConsentChange => {
      const address = change.subject === 'email' && email !== null ? email.toLowerCase() : null;
      return { ...key, ...change, groupId: null, address };
    }),
  );
  const changes = [...own, ...(await shareStates(tx, roster)), ...(await saveGroups(tx, { roster, people }))];
  recordConsentLater(tx, { workspaceId, changes, now: roster.now });
}

/** Changes the email state of everybody who has the address of a changed person. They are locked already. */
async function shareStates(tx: Db, { sharedStates, others, now }: Roster): Promise<ConsentChange[]> {
  const rows = [...sharedStates].flatMap(([email, { state }]) =>
    (others.get(email) ?? []).map((key) => ({ ...key, email, state })),
  );
  if (rows.length === 0) return [];
  const changed = await tx.query<{ bucket: number; user_id: number; email: string; previous: string }>(sql`
    with shared as materialized (
      select p.bucket, p.user_id, x.email, x.state, p.email_state as previous
        from unnest(${rows.map(({ bucket }) => bucket)}::integer[], ${rows.map(({ userId }) => userId)}::bigint[],
                    ${rows.map(({ email }) => email)}::text[], ${rows.map(({ state }) => state)}::text[])
               as x(bucket, user_id, email, state)
        join profiles p on p.bucket = x.bucket and p.user_id = x.user_id and p.email_state <> x.state
    )
    update profiles p
       set email_state = shared.state, email_state_changed_at = ${now}
      from shared
     where p.bucket = shared.bucket and p.user_id = shared.user_id
    returning p.bucket, p.user_id, shared.email, shared.previous`);
  return changed.flatMap(({ bucket, user_id, email, previous }): ConsentChange[] => {
    const shared = sharedStates.get(email);
    if (shared === undefined) return [];
    return [{ bucket, userId: user_id, subject: 'email', groupId: null, previous, address: email, ...shared }];
  });
}

type Wanted = GroupState & { address: string | null; source: ConsentSource };

async function saveGroups(tx: Db, { roster, people }: Saved): Promise<ConsentChange[]> {
  const { sharedGroups, sharedSources, others, source: last } = roster;
  const own = people.flatMap(({ key, groups, groupSources, columns: { email, phone } }) =>
    [...groups].map(([groupId, state]): Wanted => {
      const isPhone = roster.addresses.groups.kindOf(groupId) === 'phone';
      const address = isPhone ? phone : (email?.toLowerCase() ?? null);
      return { ...key, groupId, state, address, source: groupSources.get(groupId) ?? last };
    }),
  );
  const shared = [...sharedGroups].flatMap(([address, groups]) =>
    (others.get(address) ?? []).flatMap((key) =>
      [...groups].map(([groupId, state]): Wanted => {
        return { ...key, groupId, state, address, source: sharedSources.get(address) ?? last };
      }),
    ),
  );
  const wanted = new Map([...own, ...shared].map((one) => [groupStateKey(one), one]));
  const previous = await saveGroupStates(tx, [...wanted.values()], roster.now);
  return [...wanted].flatMap(([key, one]): ConsentChange[] => {
    const before = previous.get(key);
    return before === undefined ? [] : [{ ...one, subject: 'group', previous: before }];
  });
}
