import type { Channel, ChannelKey } from '../../channels/channel.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { Problems } from '../../lib/problems.ts';
import { undashed } from '../../lib/uuid.ts';
import type { RequiredState } from '../../people/consent/required-state.ts';
import type { RecipientNeeds } from '../../people/profile/needs.ts';
import { type Catalog, idKey, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import { needsOf } from './needs.ts';
import type { ReplayFilter, StoredReplay } from './replay-filter.ts';
import { isBroadcast, type SendPlan } from './send-plan.ts';
import type { DispatchState } from './states.ts';
import { type CompiledMessage, compileMessages } from './templates.ts';

/** A dispatch in work: its plan, and everything that is prepared once for all its recipients. */
export interface LoadedDispatch {
  /** The id with dashes, as PostgreSQL writes it. */
  id: string;
  state: DispatchState;
  workspace: WorkspaceCatalog;
  plan: SendPlan;
  acceptedAt: Date;
  /** The time from which attempts and the age of sends are counted: the acceptance, or the last replay. */
  triedSince: Date;
  /** True: every recipient has rows in the ledger. Named people get theirs before anything else happens. */
  isExpanded: boolean;
  /** The last replay. null: there was none. */
  replay: StoredReplay | null;
  messages: ReadonlyMap<ChannelKey, PreparedMessage>;
  needs: RecipientNeeds;
  campaign: { id: string; name: string; tags: readonly string[] } | null;
}

/** The parts of a request that the gates ask about. */
export interface GatePlan {
  channel: Channel;
  message: object;
  requiredState: RequiredState;
  subscriptionGroupId: string | null;
}

export interface PreparedMessage extends CompiledMessage {
  gate: GatePlan;
  variation: { id: string; name: string } | null;
  /** True: the channel's render gets the unsubscribe link, for a header. */
  hasUnsubscribeUrl: boolean;
  /** True: links are made for each person, because a template or the header holds one. */
  hasLinks: boolean;
}

/** Prepares each plan once and keeps it while it is in use. The oldest are dropped first. */
export class DispatchCache {
  readonly #prepared = new Map<string, { plan: SendPlan; messages: CompiledMessage[] }>();
  readonly #max: number;

  constructor(max = 2_000) {
    this.#max = max;
  }

  /** Prepares and keeps a plan, so that a worker in the same process need not read and parse it again. */
  remember(id: string, plan: SendPlan): { plan: SendPlan; messages: CompiledMessage[] } {
    const problems = new Problems();
    const prepared = { plan, messages: compileMessages(plan.messages, problems) };
    problems.throwIfAny();
    this.#prepared.set(id, prepared);
    for (const [oldest] of this.#prepared) {
      if (this.#prepared.size <= this.#max) break;
      this.#prepared.delete(oldest);
    }
    return prepared;
  }

  get(id: string) {
    return this.#prepared.get(id);
  }
}

interface DispatchRow {
  id: string;
  workspace_id: number;
  state: DispatchState;
  accepted_at: Date;
  expanded_at: Date | null;
  replay: ReplayFilter | null;
  replayed_at: Date | null;
  request: SendPlan | null;
}

/** Loads dispatches in any state; see `isLive`. */
export async function loadDispatches(
  db: Db,
  { ids, catalog, cache }: { ids: string[]; catalog: Catalog; cache: DispatchCache },
): Promise<Map<string, LoadedDispatch>> {
  const known = ids.filter((id) => cache.get(id) !== undefined);
  const rows = await db.prepared<DispatchRow & Record<string, unknown>>(
    'load_dispatches',
    sql`
    select id, workspace_id, state, accepted_at, expanded_at, replay, replayed_at,
           case when id = any(${known}::uuid[]) then null else request end as request
      from dispatches
     where id = any(${ids}::uuid[])`,
  );
  const loaded = rows.map((row) => {
    const workspace = catalog.workspace(row.workspace_id);
    if (workspace === undefined)
      throw new Error(`dispatch ${row.id} belongs to a workspace that the catalog does not have`);
    const prepared = cache.get(row.id) ?? cache.remember(row.id, planOf(row));
    return prepare(row, workspace, prepared);
  });
  return new Map(loaded.map((dispatch) => [dispatch.id, dispatch]));
}

function planOf(row: { id: string; request: SendPlan | null }): SendPlan {
  if (row.request?.version !== 1) throw new Error(`dispatch ${row.id} was stored in a form this server does not know`);
  return row.request;
}

/** Prepares a dispatch from its row. The row of a dry run exists only in memory. */
export function prepare(
  row: Pick<DispatchRow, 'id' | 'state' | 'accepted_at'> & Partial<DispatchRow>,
  workspace: WorkspaceCatalog,
  { plan, messages }: { plan: SendPlan; messages: CompiledMessage[] },
): LoadedDispatch {
  const campaign = plan.campaignId === null ? undefined : workspace.campaigns.get(plan.campaignId);
  const prepared = messages.map((compiled): [ChannelKey, PreparedMessage] => {
    const { subscriptionGroupId, messageVariationId } = compiled.channel.references(compiled.message);
    const gate: GatePlan = {
      channel: compiled.channel,
      message: compiled.message,
      requiredState: plan.requiredState,
      subscriptionGroupId: subscriptionGroupId === undefined ? null : idKey(subscriptionGroupId),
    };
    const variation = campaign?.variations.get(idKey(messageVariationId ?? '')) ?? null;
    const { subscriptionLinks } = compiled.channel;
    // A message to everyone, whatever their state, counts as transactional and has no unsubscribe header.
    const hasUnsubscribeUrl = plan.requiredState !== 'all' && subscriptionLinks?.inHeader(workspace.settings) === true;
    const hasLinks = hasUnsubscribeUrl || (subscriptionLinks !== undefined && compiled.reads.has('links'));
    return [compiled.key, { ...compiled, gate, variation, hasUnsubscribeUrl, hasLinks }];
  });
  return {
    id: row.id,
    state: row.state,
    workspace,
    plan,
    acceptedAt: row.accepted_at,
    triedSince: row.replayed_at ?? row.accepted_at,
    isExpanded: !isBroadcast(plan) || Boolean(row.expanded_at),
    replay: row.replay && row.replayed_at ? { filter: row.replay, at: row.replayed_at } : null,
    messages: new Map(prepared),
    needs: needsOf(messages, { isBroadcast: isBroadcast(plan) }),
    campaign: campaign ? { id: campaign.id, name: campaign.name, tags: campaign.tags } : null,
  };
}

export function publicId(dispatch: LoadedDispatch): string {
  return undashed(dispatch.id);
}
