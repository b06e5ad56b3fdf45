import { type Sql, sql } from '../../db/sql.ts';
import type { AudienceContext } from '../context.ts';
import type { Leaf } from '../grammar/filter.ts';
import { startOfDays } from './instants.ts';
import { own } from './own.ts';
import { numberHolds } from './profile.ts';

type LeafOf<Kind extends Leaf['kind']> = Extract<Leaf, { kind: Kind }>;

export function sessionCount(leaf: LeafOf<'session_count'>): Sql {
  return numberHolds(sql`p.session_count`, leaf);
}

export function sessionCountInDays(leaf: LeafOf<'session_count_in_days'>, context: AudienceContext): Sql {
  const firstDay = new Date(startOfDays(leaf.days, context.now)).toISOString().slice(0, 10);
  const total = sql`select sum(s.count) from session_days s
    where ${own('s', context)} and s.day >= ${firstDay}::date`;
  return numberHolds(sql`coalesce((${total}), 0)`, leaf);
}
