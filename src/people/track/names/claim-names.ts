import { textArray } from '../../../db/array-text.ts';
import type { Db } from '../../../db/database.ts';
import { hotStatement, type Parameter } from '../../../db/hot-statement.ts';
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
  /** Those of `names` of which an object may make a person. */
  created: readonly PersonName[];
}

interface Claimed {
  label: string;
  name: string;
  bucket: number;
  user_id: number;
  is_made: boolean;
}

/** The names of each label: a text array in a text, because arrays of arrays have one length. */
function byLabel(names: readonly PersonName[]): { labels: string; names: string } {
  const groups = [...Map.groupBy(names, ({ label }) => label)];
  return {
    labels: textArray(groups.map(([label]) => label)),
    names: textArray(groups.map(([, group]) => textArray(group.map(({ name }) => name)))),
  };
}

/**
 * Fragment: the owners of the names that somebody has. An index finds all names of a label together for a quarter of what it
 * costs one after the other. An older PostgreSQL than 17 may then read all names of the workspace, if it made the plan while
 * there were none, so it gets them one after the other. PostgreSQL skips the part that is not for it.
 */
function owners(param: Parameter<GivenNames>): Sql {
  const workspaceId = param((given) => given.workspaceId);
  const isNew = sql`current_setting('server_version_num')::integer >= 170000`;
  const asked = sql`
        from unnest(${param((given) => byLabel(given.names).labels)}::text[],
                    ${param((given) => byLabel(given.names).names)}::text[]) as asked(label, names)`;
  const columns = sql`label, name, bucket, user_id from user_names where workspace_id = ${workspaceId} and label = asked.label`;
  return sql`
      select n.* ${asked}
       cross join lateral (select ${columns} and name = any(asked.names::text[]) offset 0) as n
       where ${isNew}
       union all
      select n.* ${asked}
       cross join lateral unnest(asked.names::text[]) as one(name)
       cross join lateral (select ${columns} and name = one.name offset 0) as n
       where not ${isNew}`;
}

/**
 * `onConflict`: what is done about a name that another transaction makes meanwhile. `not in` is hashed, however many rows the
 * planner expects; a join that it makes in its place may compare each name with each.
 */
function claiming(name: string, onConflict: Sql) {
  return hotStatement<GivenNames, Claimed>(
    name,
    (param) => sql`
    with found as materialized (${owners(param)}
    ), made as (
      insert into user_names (workspace_id, label, name, bucket, user_id)
      select ${param(({ workspaceId }) => workspaceId)}, label, name, bucket_of(user_id), user_id
        from (select label, name, nextval('user_ids') as user_id
                from unnest(${param(({ created }) => textArray(created.map(({ label }) => label)))}::text[],
                            ${param(({ created }) => textArray(created.map(({ name }) => name)))}::text[])
                       as wanted(label, name)
               where (label, name) not in (select label, name from found)) as numbered
       order by label, name ${onConflict}
      returning label, name, bucket, user_id
    )
    select label, name, bucket, user_id, false as is_made from found
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
  const claim = isFirstTry ? swiftly : patiently;
  const given = { workspaceId, names: [...names.values()], created: [...created.values()] };
  for (const row of await claim(tx, given)) {
    const owners = row.is_made ? claimed.made : claimed.known;
    owners.set(nameKey(row.label, row.name), { bucket: row.bucket, userId: row.user_id });
  }
  return claimed;
}
