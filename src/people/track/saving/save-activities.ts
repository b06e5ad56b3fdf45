import { intArray, textArray } from '../../../db/array-text.ts';
import type { Row, Transaction } from '../../../db/database.ts';
import { hotStatement } from '../../../db/hot-statement.ts';
import { sql } from '../../../db/sql.ts';
import type { PersonKey } from '../../profile/identify.ts';
import type { Activity, Purchase } from '../activities.ts';
import type { Person } from '../roster.ts';

export interface Done {
  person: Person;
  activity: Activity;
}

/** Stores what people did: a row each, and the totals of each person. */
export function saveActivities(tx: Transaction, done: readonly Done[]): void {
  const events = done.flatMap(({ person: { key }, activity }) =>
    activity.did.kind === 'event' ? [{ key: keyOf(key), activity, name: activity.did.name }] : [],
  );
  if (events.length > 0) insertEvents.later(tx, { events, totals: totalsOf(events) });
  const purchases = done.flatMap(({ person: { key }, activity }) =>
    activity.did.kind === 'purchase' ? [{ key: keyOf(key), activity, did: activity.did }] : [],
  );
  if (purchases.length > 0) insertPurchases(tx, purchases);
}

function keyOf(key: PersonKey | null): PersonKey {
  if (key === null) throw new Error('somebody without a key did something');
  return key;
}

interface Event {
  key: PersonKey;
  activity: Activity;
  name: string;
}

interface Total {
  key: PersonKey;
  name: string;
  count: number;
  firstAt: Date;
  lastAt: Date;
}

/** Sorted by key, as all transactions write them. */
function totalsOf(events: readonly Event[]): Total[] {
  const totals = new Map<string, Total>();
  for (const {
    key,
    name,
    activity: { at },
  } of events) {
    const id = `${key.userId}/${name}`;
    const total = totals.get(id);
    if (total === undefined) {
      totals.set(id, { key, name, count: 1, firstAt: at, lastAt: at });
      continue;
    }
    total.count += 1;
    if (at < total.firstAt) total.firstAt = at;
    if (at > total.lastAt) total.lastAt = at;
  }
  return [...totals.values()].sort(
    (one, other) =>
      one.key.bucket - other.key.bucket || one.key.userId - other.key.userId || (one.name < other.name ? -1 : 1),
  );
}

const keyArrays = (rows: readonly { key: PersonKey }[]) => ({
  buckets: intArray(rows.map(({ key }) => key.bucket)),
  userIds: intArray(rows.map(({ key }) => key.userId)),
});
const times = (dates: readonly Date[]) => textArray(dates.map((date) => date.toISOString()));
const propertiesOf = ({ activity: { properties } }: Event) => (properties === null ? null : JSON.stringify(properties));

interface GivenEvents {
  events: readonly Event[];
  totals: readonly Total[];
}

const insertEvents = hotStatement<GivenEvents, Row>(
  'insert_events',
  (param) => sql`
    with stored as (
      insert into events (bucket, user_id, at, name, app_id, properties)
      select * from unnest(
             ${param(({ events }) => keyArrays(events).buckets)}::integer[],
             ${param(({ events }) => keyArrays(events).userIds)}::bigint[],
             ${param(({ events }) => times(events.map(({ activity }) => activity.at)))}::timestamptz[],
             ${param(({ events }) => textArray(events.map(({ name }) => name)))}::text[],
             ${param(({ events }) => textArray(events.map(({ activity }) => activity.appId)))}::text[],
             ${param(({ events }) => textArray(events.map(propertiesOf)))}::jsonb[])
    )
    insert into activity_totals as t (bucket, user_id, kind, name, count, first_at, last_at)
    select x.bucket, x.user_id, 'event', x.name, x.count, x.first_at, x.last_at
      from unnest(
             ${param(({ totals }) => keyArrays(totals).buckets)}::integer[],
             ${param(({ totals }) => keyArrays(totals).userIds)}::bigint[],
             ${param(({ totals }) => textArray(totals.map(({ name }) => name)))}::text[],
             ${param(({ totals }) => intArray(totals.map(({ count }) => count)))}::bigint[],
             ${param(({ totals }) => times(totals.map(({ firstAt }) => firstAt)))}::timestamptz[],
             ${param(({ totals }) => times(totals.map(({ lastAt }) => lastAt)))}::timestamptz[])
             as x(bucket, user_id, name, count, first_at, last_at)
        on conflict (bucket, user_id, kind, name) do update
       set count = t.count + excluded.count, first_at = least(t.first_at, excluded.first_at),
           last_at = greatest(t.last_at, excluded.last_at)`,
);

/** PostgreSQL sums the revenue, because a sum of doubles is not exact. */
function insertPurchases(
  tx: Transaction,
  purchases: readonly { key: PersonKey; activity: Activity; did: Purchase }[],
): void {
  const rows = purchases.map(({ key, activity: { at, appId, properties }, did }) => ({
    ...{ bucket: key.bucket, user_id: key.userId, at, app_id: appId, properties },
    ...{ name: did.name, currency: did.currency, price: did.price, quantity: did.quantity },
  }));
  tx.later(
    'insert_purchases',
    sql`
    with done as materialized (
      select *
        from json_to_recordset(${JSON.stringify(rows)}::json)
          as x(bucket integer, user_id bigint, at timestamptz, app_id text, properties jsonb, name text,
               currency text, price numeric, quantity integer)
    ), stored as (
      insert into purchases (bucket, user_id, at, product_id, currency, price, quantity, app_id, properties)
      select bucket, user_id, at, name, currency, price, quantity, app_id, properties from done
    )
    insert into activity_totals as t (bucket, user_id, kind, name, count, first_at, last_at, revenue)
    select bucket, user_id, 'purchase', name, sum(quantity), min(at), max(at), sum(price * quantity)
      from done
     group by bucket, user_id, name
     order by bucket, user_id, name
        on conflict (bucket, user_id, kind, name) do update
       set count = t.count + excluded.count, first_at = least(t.first_at, excluded.first_at),
           last_at = greatest(t.last_at, excluded.last_at), revenue = t.revenue + excluded.revenue`,
  );
}
