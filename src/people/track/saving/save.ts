import type { Db, Row, Transaction } from '../../../db/database.ts';
import { hotStatement } from '../../../db/hot-statement.ts';
import { sql } from '../../../db/sql.ts';
import { recallAddresses } from '../../consent/deleted-addresses.ts';
import { endWaitingGroups } from '../../consent/waiting-groups.ts';
import type { Roster } from '../roster.ts';
import { saveSessionDays } from '../sessions.ts';
import { changes, type Keyed, peopleTable, storedColumns, storedValues } from './profile-columns.ts';
import { type Done, saveActivities } from './save-activities.ts';
import { saveConsent } from './save-consent.ts';
import { saveTokens } from './save-tokens.ts';

/** Stores the changes of a request, in a few statements however many objects it has. */
export async function saveRoster(
  tx: Transaction,
  { roster, done, workspaceId }: { roster: Roster; done: readonly Done[]; workspaceId: number },
): Promise<void> {
  await releaseNames(tx, workspaceId, roster);
  const people = await numberPeople(tx, roster);
  const made = people.filter(({ stage }) => stage === 'new');
  if (made.length > 0) insertProfiles.later(tx, { workspaceId, people: made, now: roster.now });
  updateProfiles(tx, {
    people: people.filter(({ stage, isChanged }) => stage === 'stored' && isChanged),
    now: roster.now,
  });
  await takeUpAddresses(tx, workspaceId, roster);
  await saveConsent(tx, { roster, people, workspaceId });
  await saveTokens(tx, people);
  await saveSessionDays(tx, people, roster.now);
  await saveSpamMarks(tx, workspaceId, roster);
  saveActivities(tx, done);
}

/** Releases the names that were reserved for people whom no object made. */
async function releaseNames(tx: Db, workspaceId: number, roster: Roster): Promise<void> {
  const unused = roster.people.flatMap(({ stage, name }) => (stage === 'possible' && name !== null ? [name] : []));
  if (unused.length === 0) return;
  await tx.run(sql`
    delete from user_names n
     using unnest(${unused.map(({ label }) => label)}::text[], ${unused.map(({ name }) => name)}::text[]) as held(label, name)
     where n.workspace_id = ${workspaceId} and n.label = held.label and n.name = held.name`);
}

/** Gives a key to each new person without a name. */
async function numberPeople(tx: Db, roster: Roster): Promise<Keyed[]> {
  const people = roster.people.filter(({ stage }) => stage !== 'possible');
  const unnumbered = people.filter(({ key }) => key === null);
  if (unnumbered.length > 0) {
    const rows = await tx.query<{ bucket: number; user_id: number }>(sql`
      select user_id, bucket_of(user_id) as bucket
        from (select nextval('user_ids') as user_id from generate_series(1, ${unnumbered.length}::integer)) as numbered`);
    for (const [index, { bucket, user_id }] of rows.entries()) {
      const person = unnumbered[index];
      if (person !== undefined) person.key = { bucket, userId: user_id };
    }
  }
  return people.map((person) => {
    if (person.key === null) throw new Error('a new person got no key');
    return Object.assign(person, { key: person.key });
  });
}

interface Saved {
  people: readonly Keyed[];
  /** When the request came, which is the time of nearly all people. */
  now: Date;
}

const insertProfiles = hotStatement<Saved & { workspaceId: number }, Row>(
  'insert_profiles',
  (param) => sql`
    insert into profiles (workspace_id, ${storedColumns})
    select ${param(({ workspaceId }) => workspaceId)}::integer, ${storedValues} from ${peopleTable(param)}`,
);

const updateStatement = hotStatement<Saved, Row>(
  'update_profiles',
  (param) => sql`
    update profiles p
       set ${changes}
      from ${peopleTable(param)}
     where p.bucket = x.bucket and p.user_id = x.user_id`,
);

function updateProfiles(tx: Transaction, saved: Saved): void {
  const { people } = saved;
  if (people.length === 0) return;
  const half = people.find(({ isWhole }) => !isWhole);
  if (half !== undefined) throw new Error('a person who was not read whole was changed');
  updateStatement.later(tx, saved);
}

/** Ends the wait of states whose address somebody got, and brings back the flags of addresses that were forgotten. */
async function takeUpAddresses(tx: Db, workspaceId: number, { addresses, given }: Roster): Promise<void> {
  const back = addresses.remembered.filter(({ kind, address }) => given[kind].has(address));
  await recallAddresses(tx, workspaceId, back);
  const awaited = addresses.groups.waiting.filter(({ kind, address }) => given[kind].has(address));
  await endWaitingGroups(tx, workspaceId, awaited);
  const taken = [...given.email].filter((email) => addresses.waiting.has(email));
  if (taken.length === 0) return;
  await tx.run(sql`
    update addresses
       set email_state = null, email_state_at = null
     where workspace_id = ${workspaceId} and kind = 'email' and address = any(${taken}::text[])`);
}

async function saveSpamMarks(tx: Db, workspaceId: number, { spamMarks }: Roster): Promise<void> {
  if (spamMarks.size === 0) return;
  await tx.run(sql`
    insert into addresses (workspace_id, kind, address, marked_spam_at)
    select distinct on (lower(email)) ${workspaceId}, 'email', lower(email), marked_at
      from unnest(${[...spamMarks.keys()]}::text[], ${[...spamMarks.values()]}::timestamptz[]) as marks(email, marked_at)
     order by lower(email)
        on conflict (workspace_id, kind, address) do update set marked_spam_at = excluded.marked_spam_at`);
}
