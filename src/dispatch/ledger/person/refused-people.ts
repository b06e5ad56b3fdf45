import { textArray } from '../../../db/array-text.ts';
import { plainText } from '../../../db/plain-text.ts';
import { type Sql, sql } from '../../../db/sql.ts';
import type { PersonKey } from '../../../people/profile/identify.ts';
import type { PersonReason } from '../../plan/reasons.ts';

/** A named person whom a dispatch refused before any channel. */
export interface RefusedPerson extends PersonKey {
  dispatchId: string;
  reason: PersonReason;
  /** The filter that refused. null: unknown. */
  detail: string | null;
}

/** Fragment: writes refused people of the dispatches that are in the table `opened` under `id`. */
export function insertRefused(people: readonly RefusedPerson[], opened: Sql): Sql {
  return sql`
      insert into refused_people (bucket, user_id, dispatch_id, reason, detail)
      select r.bucket, r.user_id, r.dispatch_id, r.reason, r.detail
        from unnest(${people.map(({ bucket }) => bucket)}::integer[], ${people.map(({ userId }) => userId)}::bigint[],
                    ${people.map(({ dispatchId }) => dispatchId)}::uuid[],
                    ${people.map(({ reason }) => reason)}::text[],
                    ${textArray(people.map(({ detail }) => (detail === null ? null : plainText(detail))))}::text[])
             as r(bucket, user_id, dispatch_id, reason, detail)
        join ${opened} on opened.id = r.dispatch_id`;
}
