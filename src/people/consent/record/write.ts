import { intArray, textArray } from '../../../db/array-text.ts';
import type { Db, Row, Transaction } from '../../../db/database.ts';
import { hotStatement } from '../../../db/hot-statement.ts';
import { sql } from '../../../db/sql.ts';
import type { PersonKey } from '../../profile/identify.ts';
import type { ConsentSource } from './source.ts';

/** The notification channel for what goes into the feed of events. The payload is `new`. */
export const FEED_CHANNEL = 'feedback';

/** A state that changed. */
export interface ConsentChange extends PersonKey {
  subject: 'email' | 'push' | 'group';
  /** null: `subject` is not `group`. */
  groupId: string | null;
  /** null: there was none. */
  previous: string | null;
  state: string;
  /** The person's address for such messages. null: none, or it is about pushes. */
  address: string | null;
  source: ConsentSource;
}

interface Recording {
  workspaceId: number;
  changes: readonly ConsentChange[];
  now: Date;
}

/** Records changes of consent, in the transaction that makes them. */
export async function recordConsent(tx: Db, recording: Recording): Promise<void> {
  if (recording.changes.length > 0) await insertChanges(tx, recording);
}

/** The same, together with the commit. */
export function recordConsentLater(tx: Transaction, recording: Recording): void {
  if (recording.changes.length > 0) insertChanges.later(tx, recording);
}

const texts =
  (read: (change: ConsentChange) => string | null | undefined) =>
  ({ changes }: Recording) =>
    textArray(changes.map((change) => read(change) ?? null));

const insertChanges = hotStatement<Recording, Row>(
  'record_consent',
  (param) => sql`
    with recorded as (
      insert into consent_changes (bucket, user_id, workspace_id, changed_at, subject, group_id, previous, state, address, door,
                                   key_name, provider, ip, legal_basis, is_untold)
      select x.bucket, x.user_id, w.id, ${param(({ now }) => now)}::timestamptz, x.subject, x.group_id, x.previous, x.state,
             x.address, x.door, x.key_name, x.provider, x.ip, x.legal_basis,
             case when w.settings #>> '{events,consent}' = 'true' and not x.is_told then true end
        from workspaces w,
             unnest(${param(({ changes }) => intArray(changes.map(({ bucket }) => bucket)))}::integer[],
                    ${param(({ changes }) => intArray(changes.map(({ userId }) => userId)))}::bigint[],
                    ${param(texts(({ subject }) => subject))}::text[], ${param(texts(({ groupId }) => groupId))}::text[],
                    ${param(texts(({ previous }) => previous))}::text[], ${param(texts(({ state }) => state))}::text[],
                    ${param(texts(({ address }) => address))}::text[], ${param(texts(({ source }) => source.door))}::text[],
                    ${param(texts(({ source }) => source.key))}::text[], ${param(texts(({ source }) => source.provider))}::text[],
                    ${param(texts(({ source }) => source.ip))}::text[], ${param(texts(({ source }) => source.legalBasis))}::text[],
                    ${param(texts(({ source }) => String(source.isTold === true)))}::boolean[])
               as x(bucket, user_id, subject, group_id, previous, state, address, door, key_name, provider, ip, legal_basis,
                    is_told)
       where w.id = ${param(({ workspaceId }) => workspaceId)}
      returning is_untold
    )
    select pg_notify(${param(() => FEED_CHANNEL)}, 'new')
      from (select from recorded where is_untold limit 1) as untold`,
);
