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
  const events: Event[] = [];
  const purchases: { key: PersonKey; activity: Activity; did: Purchase }[] = [];
  const textOf = instants();
  for (const { person, activity } of done) {
    const { at, did } = activity;
    const key = keyOf(person.key);
    if (did.kind === 'event') events.push({ key, activity, name: did.name, at: textOf(at) });
    else purchases.push({ key, activity, did });
  }
  if (events.length > 0) insertEvents.later(tx, { events, totals: totalsOf(events) });
  if (purchases.length > 0) insertPurchases(tx, purchases);
}

function keyOf(key: PersonKey | null): PersonKey {
  if (key === null) throw new Error('somebody without a key did something');
  return key;
}

/** Returns a function that writes instants. Those of a request are often the same, and writing one costs a microsecond. */
function instants(): (at: Date) => string {
  const known = new Map<number, string>();
  return (at) => {
    const ms = at.getTime();
    const text = known.get(ms) ?? at.toISOString();
    known.set(ms, text);
    return text;
  };
}

interface Event {
  key: PersonKey;
  activity: Activity;
  name: string;
  /** The instant, as PostgreSQL reads it. */
  at: string;
}

interface Total {
  key: PersonKey;
  name: string;
  count: number;
  first: Event;
  last: Event;
}

/** Sorted by key, as all transactions write them. */
function totalsOf(events: readonly Event[]): Total[] {
  const totals = new Map<string, Total>();
  for (const event of events) {
    const { key, name } = event;
    const id = `${key.userId}/${name}`;
    const total = totals.get(id);
    if (total === undefined) {
      totals.set(id, { key, name, count: 1, first: event, last: event });
      continue;
    }
    total.count += 1;
    if (event.activity.at < total.first.activity.at) total.first = event;
    if (event.activity.at > total.last.activity.at) total.last = event;
  }
  return [...totals.values()].sort(
    (one, other) =>
      one.key.bucket - other.key.bucket || one.key.userId - other.key.userId || (one.name < other.name ? -1 : 1),
  );
}

const bucketsOf = (rows: readonly { key: PersonKey }[]) => intArray(rows.map(({ key }) => key.bucket));
const userIdsOf = (rows: readonly { key: PersonKey }[]) => intArray(rows.map(({ key }) => key.userId));
const times = (events: readonly Event[]) => textArray(events.map(({ at }) => at));
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
      select unnest(${param(({ events }) => bucketsOf(events))}::integer[]),
             unnest(${param(({ events }) => userIdsOf(events))}::bigint[]),
             unnest(${param(({ events }) => times(events))}::timestamptz[]),
             unnest(${param(({ events }) => textArray(events.map(({ name }) => name)))}::text[]),
             unnest(${param(({ events }) => textArray(events.map(({ activity }) => activity.appId)))}::text[]),
             unnest(${param(({ events }) => textArray(events.map(propertiesOf)))}::jsonb[])
    )
    insert into activity_totals as t (bucket, user_id, kind, name, count, first_at, last_at)
    select unnest(${param(({ totals }) => bucketsOf(totals))}::integer[]),
           unnest(${param(({ totals }) => userIdsOf(totals))}::bigint[]), 'event',
           unnest(${param(({ totals }) => textArray(totals.map(({ name }) => name)))}::text[]),
           unnest(${param(({ totals }) => intArray(totals.map(({ count }) => count)))}::bigint[]),
           unnest(${param(({ totals }) => times(totals.map(({ first }) => first)))}::timestamptz[]),
           unnest(${param(({ totals }) => times(totals.map(({ last }) => last)))}::timestamptz[])
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
