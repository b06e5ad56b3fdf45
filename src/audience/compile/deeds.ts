import { empty, type Sql, sql } from '../../db/sql.ts';
import type { AudienceContext } from '../context.ts';
import type { CountComparison, Deed, Leaf } from '../grammar/filter.ts';
import { firstHolds, latestHolds } from './extremes.ts';
import { startOfDays, timestamp } from './instants.ts';
import { own } from './own.ts';
import { numberHolds } from './profile.ts';

type LeafOf<Kind extends Leaf['kind']> = Extract<Leaf, { kind: Kind }>;

/** Fragment: the person's rows of `activity_totals`, one for each event or product that the filter names. */
function totalsOf({ deed, name }: Deed, context: AudienceContext): Sql {
  const itsName = name === null ? empty : sql` and t.name = ${name}`;
  return sql`from activity_totals t where ${own('t', context)} and t.kind = ${deed}${itsName}`;
}

export function done(leaf: LeafOf<'done'>, context: AudienceContext): Sql {
  const has = sql`exists (select ${totalsOf(leaf, context)})`;
  return leaf.has ? has : sql`(not ${has})`;
}

/** With several products, the first or last purchase of any of them counts. */
export function doneTime(leaf: LeafOf<'done_first' | 'done_last'>, context: AudienceContext): Sql {
  const from = totalsOf(leaf, context);
  return leaf.kind === 'done_first'
    ? firstHolds({ time: sql`t.first_at`, from }, leaf, context.now)
    : latestHolds({ time: sql`t.last_at`, from }, leaf, context.now);
}

const countOperators: Readonly<Record<CountComparison, Sql>> = {
  equals: sql`=`,
  greater_than: sql`>`,
  less_than: sql`<`,
};

export function doneInDays(leaf: LeafOf<'done_in_days'>, context: AudienceContext): Sql {
  const since = timestamp(startOfDays(leaf.days, context.now));
  const count =
    leaf.deed === 'event'
      ? sql`select count(*) from events e
          where ${own('e', context)} and e.name = ${leaf.name} and e.at >= ${since}`
      : sql`select coalesce(sum(e.quantity), 0) from purchases e
          where ${own('e', context)}
            and e.at >= ${since}${leaf.name === null ? empty : sql` and e.product_id = ${leaf.name}`}`;
  return sql`((${count}) ${countOperators[leaf.comparison]} ${leaf.count})`;
}

export function purchaseTotal(leaf: LeafOf<'purchase_total'>, context: AudienceContext): Sql {
  const total = leaf.of === 'count' ? sql`sum(t.count)` : sql`sum(t.revenue)`;
  return numberHolds(sql`(select coalesce(${total}, 0) ${totalsOf({ deed: 'purchase', name: null }, context)})`, leaf);
}
