import { textArray } from '../../../db/array-text.ts';
import type { Db } from '../../../db/database.ts';
import { hotStatement } from '../../../db/hot-statement.ts';
import { empty, type Sql, sql } from '../../../db/sql.ts';
import { nameKey, type PersonKey, type PersonName } from '../../profile/identify.ts';
import type { Wanted } from '../wanted.ts';

/** What `claimNames` found, by `nameKey`. */
export interface ClaimedNames {
  /** The owners of names that somebody has. */
  known: Map<string, PersonKey>;
  /** The keys of names that were reserved for people whom the request may make. */
  made: Map<string, PersonKey>;
}

interface GivenNames {
  workspaceId: number;
  names: readonly PersonName[];
  /** Whether an object may make a person of the name, for each of `names`. */
  creates: readonly boolean[];
}

interface Claimed {
  label: string;
  name: string;
  bucket: number;
  user_id: number;
  is_made: boolean;
}

/** `onConflict`: what is done about a name that another transaction makes meanwhile. */
function claiming(name: string, onConflict: Sql) {
  return hotStatement<GivenNames, Claimed>(
    name,
    (param) => sql`
    with found as materialized (
      select asked.label, asked.name, asked.creates, n.bucket, n.user_id
        from unnest(${param(({ names }) => textArray(names.map(({ label }) => label)))}::text[],
                    ${param(({ names }) => textArray(names.map(({ name }) => name)))}::text[],
                    ${param(({ creates }) => textArray(creates.map(String)))}::boolean[]) as asked(label, name, creates)
        left join lateral (
             select bucket, user_id from user_names
              where workspace_id = ${param(({ workspaceId }) => workspaceId)} and label = asked.label and name = asked.name
             offset 0) as n on true
    ), made as (
      insert into user_names (workspace_id, label, name, bucket, user_id)
      select ${param(({ workspaceId }) => workspaceId)}, label, name, bucket_of(user_id), user_id
        from (select label, name, nextval('user_ids') as user_id from found where creates and user_id is null) as numbered
       order by label, name ${onConflict}
      returning label, name, bucket, user_id
    )
    select label, name, bucket, user_id, false as is_made from found where user_id is not null
     union all
    select label, name, bucket, user_id, true from made`,
  );
}

/** Fails with `unique_violation` then. Without `on conflict`, PostgreSQL needs half of the time for each row. */
const swiftly = claiming('claim_names', empty);

/** Waits for the outcome then, and returns nobody for the name. */
const patiently = claiming('claim_names_patiently', sql`on conflict do nothing`);

/**
 * Finds the owners of names, and reserves those that nobody has and of which the request may make people. `isFirstTry`: the
 * caller tries again after a `unique_violation`. Otherwise, if another transaction is making one of them, this waits for the
 * outcome, and returns neither if that gets the name.
 */
export async function claimNames(
  tx: Db,
  workspaceId: number,
  { wanted: { names, created }, isFirstTry }: { wanted: Wanted; isFirstTry: boolean },
): Promise<ClaimedNames> {
  const claimed: ClaimedNames = { known: new Map(), made: new Map() };
  if (names.size === 0) return claimed;
  const creates = [...names.keys()].map((key) => created.has(key));
  const claim = isFirstTry ? swiftly : patiently;
  for (const row of await claim(tx, { workspaceId, names: [...names.values()], creates })) {
    const owners = row.is_made ? claimed.made : claimed.known;
    owners.set(nameKey(row.label, row.name), { bucket: row.bucket, userId: row.user_id });
  }
  return claimed;
}
