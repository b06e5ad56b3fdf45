import type { Channel, ChannelKey } from '../../channels/channel.ts';
import { noContent, type PinnedContent } from '../../content/pins.ts';
import { StoredTexts } from '../../content/texts.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { BoundedCache, type CacheBounds } from '../../lib/bounded-cache.ts';
import { Problems } from '../../lib/raw/problems.ts';
import { undashed } from '../../lib/uuid.ts';
import type { RequiredState } from '../../people/consent/required-state.ts';
import type { RecipientNeeds } from '../../people/profile/needs.ts';
import { type Catalog, idKey, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import { allowedCodes } from '../../workspace/dialing-codes.ts';
import { withFooter } from './footer.ts';
import { needsOf } from './needs.ts';
import { type QuietPlan, quietPlanOf } from './quiet-hours.ts';
import type { ReplayFilter, StoredReplay } from './replay-filter.ts';
import type { Schedule } from './schedule.ts';
import { isBroadcast, isOncePerAddress, type SendPlan } from './send-plan.ts';
import { type ControlGroup, placeOf, variationAt } from './split.ts';
import type { DispatchState } from './states.ts';
import { readStoredPlans } from './stored-plans.ts';
import { type CompiledMessage, compilePlan, placeOfVariation } from './templates.ts';

/** A dispatch in work: its plan, and everything that is prepared once for all its recipients. */
export interface LoadedDispatch {
  /** The id with dashes, as PostgreSQL writes it. */
  id: string;
  state: DispatchState;
  workspace: WorkspaceCatalog;
  plan: SendPlan;
  /** When the request was accepted, or its schedule fired. Filters are evaluated for this moment. */
  acceptedAt: Date;
  /** The time from which attempts and the age of sends are counted: `acceptedAt`, or the last replay. */
  triedSince: Date;
  /** null: it was sent at once. */
  schedule: Schedule | null;
  /** When the schedule was to fire. null: there is none. */
  firesAt: Date | null;
  /** True: every recipient has rows in the ledger. Named people get theirs before anything else happens. */
  isExpanded: boolean;
  /** Number of people targeted so far. */
  targeted: number;
  /** The last replay. null: there was none. */
  replay: StoredReplay | null;
  messages: ReadonlyMap<ChannelKey, PreparedMessage>;
  needs: RecipientNeeds;
  /** Whether templates of its messages make calls, which take time. */
  fetches: boolean;
  campaign: { id: string; name: string; tags: readonly string[] } | null;
  /** Number of slots that one of its messages takes in a send limit, because large messages take much memory. */
  slots: number;
  /** Processor time that composing its messages has taken in this thread. null: it is not limited. */
  composing: Composing | null;
  /** The `traceparent` under which it goes on. null: it is not traced. */
  trace: string | null;
}

export interface Composing {
  ms: number;
  /** The time from which it is counted: a replay has all of it again. */
  sinceMs: number;
}

/**
 * Most processor time for the messages of one dispatch to named people, all together, because they are composed in the
 * thread that answers requests. A dispatch to 50 people has 40 ms for each, and takes some 5 ms for all.
 */
export const MOST_COMPOSING_MS = 2_000;

/** What the sends of one channel of a dispatch are counted under, in the statistics of a campaign. */
export interface CampaignPart {
  campaignId: string;
  /** '': the message names none. */
  variationId: string;
  /** '': the dispatch has none. */
  sendId: string;
  /** True: the dispatch has no other channel. */
  isOnlyChannel: boolean;
}

/** The parts of a request that the gates ask about. */
export interface GatePlan {
  channel: Channel;
  message: object;
  requiredState: RequiredState;
  subscriptionGroupId: string | null;
  /** The people who get nothing, to compare the others with. null: there are none. */
  control: ControlGroup | null;
  /** How the numbers begin that the subscription group allows. null: it allows all, or there is none. */
  dialingCodes: readonly string[] | null;
  /** The countries that it allows, as ISO 3166-1 alpha-2 codes. null: all, or there is none. */
  countries: readonly string[] | null;
  /** null: it is sent at any time of day. */
  quiet: QuietPlan | null;
}

export interface PreparedMessage extends CompiledMessage {
  gate: GatePlan;
  variation: { id: string; name: string } | null;
  /** Variations that some people get instead. */
  others: readonly { percent: number; prepared: PreparedMessage }[];
  /** True: the channel's render gets the unsubscribe link, for a header. */
  hasUnsubscribeUrl: boolean;
  /** True: links are made for each person, because a template or the header holds one. */
  hasLinks: boolean;
}

/** A plan with its parsed templates. */
export interface PreparedPlan {
  plan: SendPlan;
  messages: CompiledMessage[];
  /** About how much memory it takes. */
  sizeBytes: number;
  composing: Composing;
}

/** Most bytes of prepared plans that a thread keeps, as `weigh` counts them. */
const MOST_KEPT_BYTES = 64 * 1_048_576;
const MOST_KEPT = 2_000;
/** Memory of one parsed tag or output with a few filters. Measured: 800 to 1,900 bytes. */
const TAG_BYTES = 2_048;
const PLAN_BYTES = 4_096;
/** Size of a prepared plan from which its messages take more than one slot, and for each further slot. */
const SLOT_BYTES = 131_072;

/** Prepares each plan once and keeps it while it is in use, within a bound in bytes. The last used ones stay. */
export class DispatchCache {
  /** The stored texts that plans refer to. */
  readonly texts = new StoredTexts();
  readonly #prepared: BoundedCache<string, PreparedPlan>;

  constructor(bounds: CacheBounds = { mostBytes: MOST_KEPT_BYTES, most: MOST_KEPT }) {
    this.#prepared = new BoundedCache(bounds);
  }

  /** Bytes of all plans kept. */
  get sizeBytes(): number {
    return this.#prepared.sizeBytes;
  }

  /**
   * Prepares and keeps a plan, so that a worker in the same process need not read and parse it again. `text`: its JSON.
   * `content`: the stored content that it refers to.
   */
  remember(id: string, plan: SendPlan, text: string, content: PinnedContent = noContent): PreparedPlan {
    const sizeBytes = weigh(text) + weighContent(content);
    const problems = new Problems();
    const composing = { ms: 0, sinceMs: 0 };
    const messages = compilePlan(plan, problems, content);
    const prepared = { plan, messages, sizeBytes, composing };
    problems.throwIfAny();
    this.#prepared.set(id, prepared, sizeBytes);
    return prepared;
  }

  get(id: string): PreparedPlan | undefined {
    return this.#prepared.get(id);
  }
}

/** About how much memory a plan takes once its templates are parsed. `text`: its JSON. */
function weigh(text: string): number {
  return PLAN_BYTES + weighText(text);
}

function weighText(text: string): number {
  return 2 * text.length + TAG_BYTES * (occurrences(text, '{{') + occurrences(text, '{%'));
}

/** Several plans may share a text, which then counts for each of them. */
function weighContent({ templates, blocks }: PinnedContent): number {
  const ofTemplates = [...templates.values()].flatMap((template) => Object.values(template));
  const texts = [...ofTemplates, ...[...blocks.values()].map(({ text }) => text)];
  return texts.reduce<number>((sum, text) => sum + (typeof text === 'string' ? weighText(text) : 0), 0);
}

function occurrences(text: string, part: string): number {
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count += 1;
  return count;
}

interface DispatchRow {
  id: string;
  workspace_id: number;
  state: DispatchState;
  accepted_at: Date;
  expanded_at: Date | null;
  targeted: number | null;
  replay: ReplayFilter | null;
  replayed_at: Date | null;
  schedule: Schedule | null;
  fires_at: Date | null;
  fired_at: Date | null;
  trace: string | null;
}

/** Most bytes of stored plans, and of the texts that they refer to, that are read at once, unless a single one is larger. */
const MOST_READ_BYTES = 8 * 1_048_576;

export interface Loaded {
  dispatches: Map<string, LoadedDispatch>;
  /** The ids of the dispatches that are left for another call, because all at once would take too much memory. */
  left: string[];
}

/** Loads dispatches in any state; see `isLive`. */
export async function loadDispatches(
  db: Db,
  { ids, catalog, cache }: { ids: string[]; catalog: Catalog; cache: DispatchCache },
): Promise<Loaded> {
  // Held from here on, because the cache may drop them while the others are read.
  const known = new Map(ids.flatMap((id) => [[id, cache.get(id)] as const]).filter(isFound));
  const rows = await db.prepared<DispatchRow & { request: string | null } & Record<string, unknown>>(
    'load_dispatches',
    sql`
    with wanted as (
      select id, workspace_id, state, accepted_at, expanded_at, replay, replayed_at, schedule, fires_at, fired_at,
             targeted, trace, case when id = any(${[...known.keys()]}::uuid[]) then null else request::text end as request
        from dispatches
       where id = any(${ids}::uuid[])
    ), counted as (
      select *, sum(octet_length(request)) over before as bytes_before
        from wanted
      window before as (order by id rows between unbounded preceding and 1 preceding)
    )
    select id, workspace_id, state, accepted_at, expanded_at, replay, replayed_at, schedule, fires_at, fired_at, targeted,
           trace, request
      from counted
     where request is null or bytes_before is null or bytes_before < ${MOST_READ_BYTES}`,
  );
  const unknown = rows.flatMap(({ id, request }) => (request === null ? [] : [{ id, request }]));
  const stored = await readStoredPlans(db, unknown, { texts: cache.texts, mostBytes: MOST_READ_BYTES });
  const dispatches = rows.flatMap((row) => {
    const workspace = catalog.workspace(row.workspace_id);
    if (workspace === undefined)
      throw new Error(`dispatch ${row.id} belongs to a workspace that the catalog does not have`);
    const found = stored.get(row.id);
    const prepared =
      known.get(row.id) ?? (found && cacheFor(row, cache).remember(row.id, found.plan, found.text, found.content));
    return prepared === undefined ? [] : [prepare(row, workspace, prepared)];
  });
  const loaded = new Map(dispatches.map((dispatch) => [dispatch.id, dispatch]));
  // A dispatch that does not exist is loaded as nothing by a call of its own.
  return { dispatches: loaded, left: loaded.size === 0 ? [] : ids.filter((id) => !loaded.has(id)) };
}

function isFound(entry: readonly [string, PreparedPlan | undefined]): entry is readonly [string, PreparedPlan] {
  return entry[1] !== undefined;
}

/** The cache, or for a schedule, whose messages may change until it fires, one that nobody asks again. */
function cacheFor({ fires_at, fired_at }: DispatchRow, cache: DispatchCache): DispatchCache {
  return fires_at !== null && fired_at === null ? new DispatchCache() : cache;
}

/** Prepares a dispatch from its row. The row of a dry run exists only in memory. */
export function prepare(
  row: Pick<DispatchRow, 'id' | 'state' | 'accepted_at'> & Partial<DispatchRow>,
  workspace: WorkspaceCatalog,
  {
    plan,
    messages,
    sizeBytes = 0,
    composing = { ms: 0, sinceMs: 0 },
  }: Pick<PreparedPlan, 'plan' | 'messages'> & Partial<PreparedPlan>,
): LoadedDispatch {
  const campaign = plan.campaignId === null ? undefined : workspace.campaigns.get(plan.campaignId);
  const acceptedAt = row.fired_at ?? row.accepted_at;
  const percent = plan.split?.control ?? 0;
  const control = plan.campaignId === null || percent === 0 ? null : { campaignId: plan.campaignId, percent };
  const prepareOne = (compiled: CompiledMessage): PreparedMessage => {
    const { subscriptionGroupId, messageVariationId } = compiled.channel.references(compiled.message);
    const groupId = subscriptionGroupId === undefined ? null : idKey(subscriptionGroupId);
    const gate: GatePlan = {
      channel: compiled.channel,
      message: compiled.message,
      requiredState: plan.requiredState,
      subscriptionGroupId: groupId,
      control,
      dialingCodes: allowedCodes(workspace.subscriptionGroups.get(groupId ?? '')),
      countries: workspace.subscriptionGroups.get(groupId ?? '')?.countries ?? null,
      quiet: quietPlanOf(compiled.channel, { workspace, plan, campaign }),
    };
    const variation = campaign?.variations.get(idKey(messageVariationId ?? '')) ?? null;
    const { subscriptionLinks } = compiled.channel;
    // A message to everyone, whatever their state, counts as transactional and has no unsubscribe header.
    const hasUnsubscribeUrl = plan.requiredState !== 'all' && subscriptionLinks?.inHeader(workspace.settings) === true;
    const hasLinks = hasUnsubscribeUrl || (subscriptionLinks !== undefined && compiled.reads.has('links'));
    return { ...compiled, gate, variation, others: [], hasUnsubscribeUrl, hasLinks };
  };
  const footed = messages.map((message) => withFooter(message, workspace.settings));
  return {
    id: row.id,
    state: row.state,
    workspace,
    plan,
    acceptedAt,
    triedSince: row.replayed_at ?? acceptedAt,
    schedule: row.schedule ?? null,
    firesAt: row.fires_at ?? null,
    targeted: row.targeted ?? 0,
    isExpanded: !isBroadcast(plan) || Boolean(row.expanded_at),
    replay: row.replay && row.replayed_at ? { filter: row.replay, at: row.replayed_at } : null,
    messages: withVariations(footed.map(prepareOne), plan),
    fetches: footed.some(({ fetches }) => fetches),
    needs: needsOf(footed, { isOncePerAddress: isOncePerAddress(plan) }),
    campaign: campaign ? { id: campaign.id, name: campaign.name, tags: campaign.tags } : null,
    slots: 1 + Math.floor(sizeBytes / SLOT_BYTES),
    composing: isBroadcast(plan) ? null : countedSince(composing, row.replayed_at ?? acceptedAt),
    trace: row.trace ?? null,
  };
}

function countedSince(composing: Composing, since: Date): Composing {
  if (composing.sinceMs !== since.getTime()) Object.assign(composing, { ms: 0, sinceMs: since.getTime() });
  return composing;
}

/** The messages by channel, each with its further variations. */
function withVariations(prepared: readonly PreparedMessage[], { split }: SendPlan): LoadedDispatch['messages'] {
  const byPlace = new Map(prepared.map((one) => [one.place, one]));
  const others = (split?.others ?? []).flatMap(({ channel, id, percent }) => {
    const found = byPlace.get(placeOfVariation(channel, id));
    return found === undefined ? [] : [{ percent, prepared: found }];
  });
  return new Map(
    prepared
      .filter(({ key, place }) => key === place)
      .map((one) => [one.key, { ...one, others: others.filter(({ prepared: { key } }) => key === one.key) }]),
  );
}

/** The message of a channel for one person. undefined: the dispatch has none. */
export function messageFor(
  { plan, messages }: Pick<LoadedDispatch, 'plan' | 'messages'>,
  { channel, userId }: { channel: ChannelKey; userId: number },
): PreparedMessage | undefined {
  const usual = messages.get(channel);
  if (usual === undefined || usual.others.length === 0 || plan.campaignId === null) return usual;
  const other = variationAt(placeOf(plan.campaignId, userId), plan.split?.control ?? 0, usual.others);
  return other?.prepared ?? usual;
}

/** null: the dispatch belongs to no campaign. */
export function campaignPartOf(
  dispatch: LoadedDispatch,
  send: { channel: ChannelKey; userId: number },
): CampaignPart | null {
  const { campaignId, sendId } = dispatch.plan;
  if (campaignId === null) return null;
  const variationId = messageFor(dispatch, send)?.variation?.id ?? '';
  return { campaignId, variationId, sendId: sendId ?? '', isOnlyChannel: dispatch.messages.size === 1 };
}

/** The subscription group whose account sends a message of a dispatch, if there is one. */
export function groupMessageOf(
  { id }: Pick<LoadedDispatch, 'id'>,
  { channel, gate }: Pick<PreparedMessage, 'channel' | 'gate'>,
): { dispatchId: string; channel: Channel; groupId: string | null } {
  return { dispatchId: id, channel, groupId: gate.subscriptionGroupId };
}

/** Nearly all messages are of the dispatch of the one before. */
let lastId = { stored: '', shown: '' };

export function publicId({ id }: LoadedDispatch): string {
  if (lastId.stored !== id) lastId = { stored: id, shown: undashed(id) };
  return lastId.shown;
}
