import { joinSql, type Sql, sql } from '../../db/sql.ts';
import { segmentMeant } from '../../workspace/catalog.ts';
import { type AudienceContext, filterOf } from '../context.ts';
import type { Filter, Leaf } from '../grammar/filter.ts';
import { addressFlag, emailAvailable, pushEnabled, subscriptionGroup } from './contact.ts';
import { customAttribute, nestedAttribute } from './custom.ts';
import { done, doneInDays, doneTime, purchaseTotal } from './deeds.ts';
import { defaultAttribute, lastUsedApp, state } from './profile.ts';
import { lastReceived, receivedCampaign, receivedTag } from './received.ts';
import { sessionCount, sessionCountInDays } from './sessions.ts';

/**
 * Compiles a parsed filter into a boolean SQL condition over `profiles p` that is never null. Values and attribute
 * names become parameters.
 * Source: audience.md §2.1 (table "per profile"), §2.3, §2.4, §4 and §6.2.
 */
export function compile(filter: Filter, context: AudienceContext): Sql {
  switch (filter.kind) {
    case 'and':
      return sql`(${joinSql(compileAll(filter.filters, context), ' and ')})`;
    case 'or':
      return sql`(${joinSql(compileAll(filter.filters, context), ' or ')})`;
    case 'not':
      return sql`(not ${compile(filter.filter, context)})`;
    default:
      return compileLeaf(filter, context);
  }
}

function compileAll(filters: readonly Filter[], context: AudienceContext): Sql[] {
  return filters.map((one) => compile(one, context));
}

type LeafOf<Kind extends Leaf['kind']> = Extract<Leaf, { kind: Kind }>;

/** The compiler of each kind of filter. */
const leaves: { readonly [Kind in Leaf['kind']]: (leaf: LeafOf<Kind>, context: AudienceContext) => Sql } = {
  custom_attribute: customAttribute,
  nested_custom_attribute: nestedAttribute,
  attribute: defaultAttribute,
  state,
  last_used_app: lastUsedApp,
  session_count: sessionCount,
  session_count_in_days: sessionCountInDays,
  done,
  done_first: doneTime,
  done_last: doneTime,
  done_in_days: doneInDays,
  purchase_total: purchaseTotal,
  subscription_group: subscriptionGroup,
  email_available: emailAvailable,
  push_enabled: pushEnabled,
  address_flag: addressFlag,
  last_received: lastReceived,
  received_campaign: receivedCampaign,
  received_tag: receivedTag,
  segment,
};

function compileLeaf<Kind extends Leaf['kind']>(leaf: LeafOf<Kind> & { kind: Kind }, context: AudienceContext): Sql {
  const toSql: (leaf: LeafOf<Kind>, context: AudienceContext) => Sql = leaves[leaf.kind];
  return toSql(leaf, context);
}

function segment(leaf: LeafOf<'segment'>, context: AudienceContext): Sql {
  const other = segmentMeant(context.workspace, leaf.segmentId);
  if (other === undefined) throw new Error(`segment ${leaf.segmentId} is gone`);
  const filter = filterOf(other);
  const isMember = filter === null ? sql`true` : compile(filter, context);
  return leaf.in ? isMember : sql`(not ${isMember})`;
}
