import type { Db } from '../../../db/database.ts';
import { type Sql, sql } from '../../../db/sql.ts';
import { deviceOf } from '../../device.ts';
import type { PersonKey } from '../../profile/identify.ts';
import { askedFor, inBucketsOf } from '../../profile/person-keys.ts';
import type { Person } from '../roster.ts';

/** Stores the new push tokens and removes dropped ones. A token that somebody else has moves to its new owner. */
export async function saveTokens(tx: Db, people: readonly (Person & { key: PersonKey })[]): Promise<void> {
  await dropTokens(
    tx,
    people.filter(({ dropsTokens }) => dropsTokens).map(({ key }) => key),
  );
  const rows = people.flatMap(({ key, tokens, updatedAt }) =>
    [...tokens.values()].map(({ appId, platform, token, deviceId, isSilent = false }) => ({
      ...{ bucket: key.bucket, user_id: key.userId, app_id: appId, platform, token },
      ...{ device: deviceOf(token), device_id: deviceId, registered_at: updatedAt, foreground: !isSilent },
    })),
  );
  if (rows.length === 0) return;
  const given = sql`json_to_recordset(${JSON.stringify(rows)}::json)
        as x(bucket integer, user_id bigint, app_id text, platform text, token text, device text,
             device_id text, registered_at timestamptz, foreground boolean)`;
  // The update changes nothing, but it locks the present owner and returns it.
  const owners = await tx.query<{ app_id: string; token: string; bucket: number; user_id: number }>(sql`
    insert into push_token_owners (app_id, token, bucket, user_id)
    select app_id, device, bucket, user_id from ${given} order by app_id, device
        on conflict (app_id, token) do update set token = excluded.token
    returning app_id, token, bucket, user_id`);
  await moveFromPreviousOwners(
    tx,
    owners,
    rows.map((row) => ({ ...row, token: row.device })),
  );
  await dropOlderTokens(tx, rows, rows[0]?.registered_at ?? new Date(0));
  await tx.run(sql`
    insert into push_targets (bucket, user_id, app_id, token, platform, device_id, foreground, registered_at)
    select bucket, user_id, app_id, token, platform, coalesce(device_id, gen_random_uuid()::text), foreground, registered_at
      from ${given}
        on conflict (bucket, user_id, app_id, token) do update
       set foreground = push_targets.foreground or excluded.foreground, platform = excluded.platform, suspect_since = null,
           registered_at = greatest(push_targets.registered_at, excluded.registered_at)`);
  await forgetSuspicions(tx, given);
  if (rows.every(({ device_id }) => device_id === null)) return;
  await tx.run(sql`
    update push_targets t
       set device_id = x.device_id
      from ${given}
     where t.bucket = x.bucket and t.user_id = x.user_id and t.app_id = x.app_id and t.token = x.token
       and x.device_id is not null`);
}

/** A token that is registered again is good, whatever a provider reported about it before. */
async function forgetSuspicions(tx: Db, given: Sql): Promise<void> {
  await tx.run(sql`
    update token_removals r
       set restored_at = x.registered_at
      from ${given}
     where r.app_id = x.app_id and r.token = x.token and r.suspected_at is not null and r.removed_at is null
       and r.restored_at is null`);
}

/** A row of `push_token_owners`. */
interface Owned {
  app_id: string;
  /** The device. */
  token: string;
  bucket: number;
  user_id: number;
}

/** A device has one token: with other keys, or in another spelling, the newer one replaces the older. */
async function dropOlderTokens(
  tx: Db,
  rows: readonly { bucket: number; user_id: number; app_id: string; token: string; device: string }[],
  now: Date,
): Promise<void> {
  const keys = rows.map(({ bucket, user_id }) => ({ bucket, userId: user_id }));
  const dropped = await tx.query<{ app_id: string; token: string }>(sql`
    delete from push_targets t
     using json_to_recordset(${JSON.stringify(rows)}::json)
             as x(bucket integer, user_id bigint, app_id text, token text, device text)
     where ${inBucketsOf(keys, sql`t.bucket`)} and t.bucket = x.bucket and t.user_id = x.user_id
       and t.app_id = x.app_id and device_of(t.token) = x.device and t.token <> x.token
    returning t.app_id, t.token`);
  if (dropped.length === 0) return;
  const replaced = sql`json_to_recordset(${JSON.stringify(dropped.map((one) => ({ ...one, registered_at: now })))}::json)
        as x(app_id text, token text, registered_at timestamptz)`;
  await forgetSuspicions(tx, replaced);
}

/** Takes devices from their previous owners. */
async function moveFromPreviousOwners(tx: Db, owners: readonly Owned[], given: readonly Owned[]): Promise<void> {
  const newOwner = new Map(given.map((row) => [`${row.app_id}\u0000${row.token}`, row.user_id]));
  const moved = owners.filter((row) => newOwner.get(`${row.app_id}\u0000${row.token}`) !== row.user_id);
  if (moved.length === 0) return;
  const movedJson = JSON.stringify(moved);
  const previousOwners = moved.map(({ bucket, user_id }) => ({ bucket, userId: user_id }));
  await tx.run(sql`
    delete from push_targets t
     using json_to_recordset(${movedJson}::json) as x(bucket integer, user_id bigint, app_id text, token text)
     where ${inBucketsOf(previousOwners, sql`t.bucket`)} and t.bucket = x.bucket and t.user_id = x.user_id
       and t.app_id = x.app_id and device_of(t.token) = x.token`);
  await tx.run(sql`
    update push_token_owners o
       set bucket = x.bucket, user_id = x.user_id
      from json_to_recordset(${JSON.stringify(given)}::json) as x(bucket integer, user_id bigint, app_id text, token text)
     where o.app_id = x.app_id and o.token = x.token and o.user_id <> x.user_id`);
}

/** Removes all tokens of these people. Locks the owners first, in key order. */
export async function dropTokens(tx: Db, keys: readonly PersonKey[]): Promise<void> {
  if (keys.length === 0) return;
  const theirs = sql`${inBucketsOf(keys, sql`t.bucket`)} and t.bucket = asked.bucket and t.user_id = asked.user_id`;
  const held = await tx.query<Owned & Record<string, unknown>>(sql`
    select t.app_id, device_of(t.token) as token, t.bucket, t.user_id from push_targets t, ${askedFor(keys)} where ${theirs}`);
  if (held.length > 0) await dropOwners(tx, held);
  await tx.run(sql`delete from push_targets t using ${askedFor(keys)} where ${theirs}`);
}

async function dropOwners(tx: Db, held: readonly Owned[]): Promise<void> {
  await tx.run(sql`
    with owned as materialized (
      select o.app_id, o.token
        from push_token_owners o
        join json_to_recordset(${JSON.stringify(held)}::json) as x(app_id text, token text, bucket integer, user_id bigint)
          on o.app_id = x.app_id and o.token = x.token and o.bucket = x.bucket and o.user_id = x.user_id
       order by o.app_id, o.token
         for update of o
    )
    delete from push_token_owners o using owned where o.app_id = owned.app_id and o.token = owned.token`);
}
