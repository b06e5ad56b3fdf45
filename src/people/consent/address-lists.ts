import type { Db } from '../../db/database.ts';
import { empty, type Sql, sql } from '../../db/sql.ts';

/** Which addresses a list has: those flagged in a period, or the named ones. Email addresses are in lower case. */
export type ListFilter =
  | { kind: 'period'; from: Date; to: Date; limit: number; offset: number }
  | { kind: 'named'; addresses: readonly string[] };

export interface ListedAddress {
  address: string;
  at: Date;
}

/** The email addresses that hard bounced, newest first. The period is [from, to). */
export function listHardBounces(db: Db, workspaceId: number, filter: ListFilter): Promise<ListedAddress[]> {
  return db.query<ListedAddress & Record<string, unknown>>(sql`
    select address, hard_bounced_at as at
      from addresses
     where workspace_id = ${workspaceId} and kind = 'email' and hard_bounced_at is not null
       and ${matches(filter, sql`address`, sql`hard_bounced_at`)}
     order by hard_bounced_at desc, address ${page(filter)}`);
}

/**
 * The unsubscribed email addresses with the time of the unsubscribe. One entry per address, whoever shares it. Each half reads
 * no more than a page and those before it, in the order of an index.
 */
export function listUnsubscribes(
  db: Db,
  workspaceId: number,
  { filter, ascending }: { filter: ListFilter; ascending: boolean },
): Promise<ListedAddress[]> {
  const direction = ascending ? sql`asc` : sql`desc`;
  const upToPage = filter.kind === 'named' ? empty : sql`limit ${filter.limit + filter.offset}`;
  return db.query<ListedAddress & Record<string, unknown>>(sql`
    select address, at
      from ((select p.email as address, p.email_state_changed_at as at
              from profiles p
             where p.workspace_id = ${workspaceId} and p.email_state = 'unsubscribed' and p.email is not null
               and p.email_state_changed_at is not null
               and ${matches(filter, sql`lower(p.email)`, sql`p.email_state_changed_at`)}
               and not exists (
                   select from profiles o
                    where o.workspace_id = p.workspace_id and o.email is not null and lower(o.email) = lower(p.email)
                      and o.email_state = 'unsubscribed'
                      and (o.email_state_changed_at, o.user_id) > (p.email_state_changed_at, p.user_id))
             order by p.email_state_changed_at ${direction}, p.email ${upToPage})
             union all
           (select address, email_state_at
              from addresses
             where workspace_id = ${workspaceId} and kind = 'email' and email_state = 'unsubscribed'
               and ${matches(filter, sql`address`, sql`email_state_at`)}
             order by email_state_at ${direction}, address ${upToPage})) as unsubscribed
     order by at ${direction}, address ${page(filter)}`);
}

export const invalidReasons = ['provider_error', 'deactivated', 'invalid_format'] as const;
export type InvalidReason = (typeof invalidReasons)[number];

/** The phone numbers that are marked as invalid, newest first. `reason` null: for any reason. */
export function listInvalidPhones(
  db: Db,
  workspaceId: number,
  { filter, reason }: { filter: ListFilter; reason: InvalidReason | null },
): Promise<(ListedAddress & { reason: string })[]> {
  return db.query<ListedAddress & { reason: string } & Record<string, unknown>>(sql`
    select address, invalid_at as at, coalesce(invalid_reason, 'provider_error') as reason
      from addresses
     where workspace_id = ${workspaceId} and kind = 'phone' and invalid_at is not null
       and ${matches(filter, sql`address`, sql`invalid_at`)}
       and (${reason}::text is null or coalesce(invalid_reason, 'provider_error') = ${reason})
     order by invalid_at desc, address ${page(filter)}`);
}

function matches(filter: ListFilter, address: Sql, at: Sql): Sql {
  if (filter.kind === 'named') return sql`${address} = any(${filter.addresses}::text[])`;
  return sql`${at} >= ${filter.from}::timestamptz and ${at} < ${filter.to}::timestamptz`;
}

function page(filter: ListFilter): Sql {
  return filter.kind === 'named' ? empty : sql`limit ${filter.limit} offset ${filter.offset}`;
}
