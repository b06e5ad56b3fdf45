import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { brazeId, readBrazeId } from './braze-id.ts';

/** A person that a text may mean, and as what. */
export interface MatchedPerson {
  kind: 'external_id' | 'alias' | 'braze_id' | 'email' | 'phone' | 'token';
  brazeId: string;
  externalId: string | null;
  /** First and last name. null: neither is known. */
  name: string | null;
  /** The alias's label, or the id of the token's app. null: there is nothing more to say. */
  of: string | null;
}

interface Row extends Record<string, unknown> {
  kind: MatchedPerson['kind'];
  bucket: number;
  user_id: number;
  created_at: Date;
  external_id: string | null;
  name: string | null;
  of: string | null;
}

/** Most people of one kind: an address may be that of many. */
const MOST = 20;
/** Most labels of aliases that are looked at. */
const MOST_LABELS = 50;

/**
 * Everybody whose external id, alias, braze id, email address, phone number or push token is exactly this text. Each is one
 * look-up of an index.
 */
export async function findPeople(
  db: Database,
  { workspaceId, appIds, text }: { workspaceId: number; appIds: readonly string[]; text: string },
): Promise<MatchedPerson[]> {
  const id = readBrazeId(text);
  const phone = `+${text.replace(/[\s().+-]/g, '')}`;
  const rows = await db.byKey.query<Row>(sql`
    with recursive labels as (
      (select label from user_names where workspace_id = ${workspaceId} order by label limit 1)
      union all
      select (select n.label
                from user_names n
               where n.workspace_id = ${workspaceId} and n.label > l.label
               order by n.label
               limit 1)
        from labels l
       where l.label is not null
    ), found as (
      select case n.label when '' then 'external_id' else 'alias' end as kind, n.bucket, n.user_id,
             nullif(n.label, '') as "of"
        from (select label from labels where label is not null limit ${MOST_LABELS}) as l
        join user_names n on n.workspace_id = ${workspaceId} and n.label = l.label and n.name = ${text}
      union all
      select 'braze_id', ${id?.bucket ?? -1}::integer, ${id?.userId ?? -1}::bigint, null
      union all
      (select 'email', bucket, user_id, null from profiles
        where lower(email) = lower(${text}) and email is not null and workspace_id = ${workspaceId} limit ${MOST})
      union all
      (select 'phone', bucket, user_id, null from profiles
        where phone = ${phone} and phone is not null and workspace_id = ${workspaceId} limit ${MOST})
      union all
      select 'token', o.bucket, o.user_id, o.app_id
        from push_token_owners o
       where o.app_id = any(${appIds}::text[]) and o.token = device_of(${text})
    )
    select f.kind, f.bucket, f.user_id, p.created_at, p.external_id, f."of",
           nullif(concat_ws(' ', p.first_name, p.last_name), '') as name
      from found f
      join profiles p on p.bucket = f.bucket and p.user_id = f.user_id
     where p.workspace_id = ${workspaceId}`);
  return rows.map(matchFrom).filter(({ kind, brazeId }) => kind !== 'braze_id' || brazeId === text.toLowerCase());
}

function matchFrom({ kind, bucket, user_id, created_at, external_id, name, of }: Row): MatchedPerson {
  return { kind, brazeId: brazeId(created_at, bucket, user_id), externalId: external_id, name, of };
}
