import { intArray, textArray } from '../../../db/array-text.ts';
import type { Db } from '../../../db/database.ts';
import { plainText } from '../../../db/plain-text.ts';
import { empty, sql } from '../../../db/sql.ts';
import type { PersonName } from '../../../people/profile/identify.ts';
import type { PersonReason } from '../../plan/reasons.ts';
import type { RecipientName } from '../../plan/send-plan.ts';

/** A line of a list that has no recipient, and why. */
export interface ListedRefusal extends Pick<RecipientName, 'label' | 'name' | 'by'> {
  line: number;
  reason: PersonReason;
  detail?: string;
}

/** Writes the lines of a list that have no recipient. */
export async function insertListedRefusals(
  tx: Db,
  dispatchId: string,
  refusals: readonly ListedRefusal[],
): Promise<void> {
  if (refusals.length === 0) return;
  await tx.run(sql`
    insert into listed_refusals (dispatch_id, line, label, name, named_by, reason, detail)
    select ${dispatchId}, x.*
      from unnest(${intArray(refusals.map(({ line }) => line))}::integer[],
                  ${textArray(refusals.map(({ label }) => storable(label)))}::text[],
                  ${textArray(refusals.map(({ name }) => storable(name)))}::text[],
                  ${textArray(refusals.map(({ by = null }) => by))}::text[],
                  ${textArray(refusals.map(({ reason }) => reason))}::text[],
                  ${textArray(refusals.map(({ detail }) => (detail === undefined ? null : plainText(detail))))}::text[]) as x`);
}

/** Nobody has a name with such characters, so it is only shown. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** Number of lines without a recipient, by reason. A dispatch that is no list has none. */
export async function countListedRefusals(
  db: Db,
  dispatchId: string,
): Promise<{ reason: PersonReason; count: number }[]> {
  return db.query<{ reason: PersonReason; count: number }>(sql`
    select reason, count(*)::integer as count from listed_refusals where dispatch_id = ${dispatchId} group by reason`);
}

export interface RefusalFilter {
  /** The last line that was listed. */
  after: number;
  limit: number;
  reason: string | null;
  /** The names of the only person asked for. null: everybody. */
  names: readonly PersonName[] | null;
}

/** Lists lines without a recipient, in order. */
export async function listListedRefusals(
  db: Db,
  dispatchId: string,
  { after, limit, reason, names }: RefusalFilter,
): Promise<ListedRefusal[]> {
  const named = names && {
    labels: textArray(names.map(({ label }) => storable(label))),
    names: textArray(names.map(({ name }) => storable(name))),
  };
  const rows = await db.query<Row>(sql`
    select line, label, name, named_by, reason, detail
      from listed_refusals
     where dispatch_id = ${dispatchId} and line > ${after}
           ${reason === null ? empty : sql`and reason = ${reason}`}
           ${
             named === null
               ? empty
               : sql`and named_by is null
           and (label, name) in (select * from unnest(${named.labels}::text[], ${named.names}::text[]))`
           }
     order by line
     limit ${limit}`);
  return rows.map(({ line, label, name, named_by, reason, detail }) => ({
    ...{ line, label, name, reason },
    ...(named_by !== null && { by: named_by }),
    ...(detail !== null && { detail }),
  }));
}

interface Row extends Record<string, unknown> {
  line: number;
  label: string;
  name: string;
  named_by: NonNullable<RecipientName['by']> | null;
  reason: PersonReason;
  detail: string | null;
}
