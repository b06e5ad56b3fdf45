import { empty, type Sql, sql } from '../../db/sql.ts';
import type { AudienceContext } from '../context.ts';
import type { CountComparison, Deed, Leaf } from '../filter.ts';
import { timestamp, timestampHolds } from './instants.ts';
import { numberHolds } from './profile.ts';

const DAY_MS = 86_400_000;

type LeafOf<Kind extends Leaf['kind']> = Extract<Leaf, { kind: Kind }>;

/** The person's rows of `activity_totals`, one for each event or product that the filter speaks of. */
function totalsOf({ deed, name }: Deed): Sql {
  const itsName = name === null ? empty : sql` and t.name = ${name}`;
  return sql`from activity_totals t where t.bucket = p.bucket and t.user_id = p.user_id and t.kind = ${deed}${itsName}`;
}

export function done(leaf: LeafOf<'done'>): Sql {
  const has = sql`exists (select ${totalsOf(leaf)})`;
  return leaf.has ? has : sql`(not ${has})`;
}

export function doneTime(leaf: LeafOf<'done_first' | 'done_last'>, { now }: AudienceContext): Sql {
  const time = leaf.kind === 'done_first' ? sql`min(t.first_at)` : sql`max(t.last_at)`;
  return sql`(select ${timestampHolds(time, leaf, now)} ${totalsOf(leaf)})`;
}

const countOperators: Readonly<Record<CountComparison, Sql>> = {
  equals: sql`=`,
  greater_than: sql`>`,
  less_than: sql`<`,
};

export function doneInDays(leaf: LeafOf<'done_in_days'>, { now }: AudienceContext): Sql {
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  const since = timestamp(today - leaf.days * DAY_MS);
  const count =
    leaf.deed === 'event'
      ? sql`select count(*) from events e
          where e.bucket = p.bucket and e.user_id = p.user_id and e.name = ${leaf.name} and e.at >= ${since}`
      : sql`select coalesce(sum(e.quantity), 0) from purchases e
          where e.bucket = p.bucket and e.user_id = p.user_id
            and e.at >= ${since}${leaf.name === null ? empty : sql` and e.product_id = ${leaf.name}`}`;
  return sql`((${count}) ${countOperators[leaf.comparison]} ${leaf.count})`;
}

export function purchaseTotal(leaf: LeafOf<'purchase_total'>): Sql {
  const total = leaf.of === 'count' ? sql`sum(t.count)` : sql`sum(t.revenue)`;
  return numberHolds(sql`(select coalesce(${total}, 0) ${totalsOf({ deed: 'purchase', name: null })})`, leaf);
}
