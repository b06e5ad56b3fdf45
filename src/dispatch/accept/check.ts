import { filterOf } from '../../audience/context.ts';
import { parseAudience } from '../../audience/grammar/parse.ts';
import { checkReferences as checkAudienceReferences } from '../../audience/grammar/references.ts';
import { slipsOf } from '../../audience/grammar/slips.ts';
import { channelKeys } from '../../channels/channel.ts';
import { channels } from '../../channels/index.ts';
import type { PinnedContent } from '../../content/pins.ts';
import { type ErrorCode, RequestError } from '../../errors.ts';
import { nearest } from '../../lib/raw/did-you-mean.ts';
import { namesNo, own, shown } from '../../lib/raw/json.ts';
import { readText } from '../../lib/raw/lenient.ts';
import { Problems } from '../../lib/raw/problems.ts';
import { type Campaign, idKey, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import { checkMessages } from '../plan/check-messages.ts';
import type { SendRemarks } from '../plan/remarks.ts';
import type { SendPlan } from '../plan/send-plan.ts';
import { lookUpStored, nameStoredThings, namingNothing, type StoredThings } from '../plan/stored-things.ts';
import { messagesIn, type ParsedMessage } from '../plan/templates.ts';
import {
  attributesIn,
  warningsOfAttributes,
  warningsOfMailNames,
  warningsOfProperties,
  withFooterReferences,
} from './names-read.ts';
import { checkCanary, checkCounted } from './our-options.ts';
import { readSendRequest, type SendRequest } from './request.ts';
import { together } from './together.ts';
import { type GivenFilter, warningsOfUnused } from './unused-attributes.ts';

const MAX_NAMES = 50;
/** Most unknown channels that an error names. */
const MAX_SHOWN = 5;

export interface CheckedRequest {
  plan: SendPlan;
  /** The stored content that the plan pins. */
  content: PinnedContent;
  dryRun: boolean;
  /** Most people that a broadcast may be for. null: any number. */
  atMost: number | null;
  /** The answer lists them. */
  remarks: SendRemarks;
}

export interface CheckOptions {
  now: Date;
  stored: StoredThings;
  /** Its messages may read trigger properties. Default: they may not. */
  isTriggered?: boolean;
  /** The people come in a list of their own, so it names and describes nobody. Default: they do not. */
  isListed?: boolean;
}

/**
 * Turns a body into a plan. Throws the error of the first step that fails, with the problems of the others. Steps and their
 * order: send.md §3, steps 6 to 13. It looks up the catalog, and what messages name beyond it: stored content, which the plan then pins, and item catalogs.
 */
export async function checkSendRequest(
  body: Record<string, unknown>,
  catalog: WorkspaceCatalog,
  { now, stored, isTriggered = false, isListed = false }: CheckOptions,
): Promise<CheckedRequest> {
  const checked = checkBody(body, catalog, now, isListed);
  const { plan, parsed, dryRun, atMost, problems, filters } = checked;
  // Nothing is waited for that nearly all requests do not need.
  const { pins, content, references } = nameStoredThings(parsed)
    ? await lookUpStored(parsed, { workspaceId: catalog.id, problems, stored })
    : namingNothing(parsed);
  if (filters.length > 0)
    for (const warning of await warningsOfUnused(filters, catalog.id, stored)) problems.warn(warning);
  if (references.length > 0) {
    const attributes = attributesIn(withFooterReferences(references, catalog.settings));
    if (attributes.length > 0)
      for (const warning of await warningsOfAttributes(attributes, catalog.id, stored)) problems.warn(warning);
    for (const warning of warningsOfMailNames(references, catalog.settings)) problems.warn(warning);
    if (!isTriggered) for (const warning of warningsOfProperties(references, null)) problems.warn(warning);
  }
  problems.warnAtEnd();
  const remarks = { minors: problems.minors, warnings: problems.warnings };
  return { plan: pins === undefined ? plan : { ...plan, content: pins }, content, dryRun, atMost, remarks };
}

/** A request that is right but for the stored content that it may name. */
interface CheckedBody {
  plan: SendPlan;
  parsed: readonly ParsedMessage[];
  dryRun: boolean;
  atMost: number | null;
  problems: Problems;
  /** The filters that say who is meant. */
  filters: readonly GivenFilter[];
}

/** Everything but stored content. It looks up nothing but the catalog, so it needs no database. */
export function checkBody(
  body: Record<string, unknown>,
  catalog: WorkspaceCatalog,
  now: Date,
  isListed = false,
): CheckedBody {
  const problems = new Problems();
  const request = readSendRequest(body, problems);
  const isReadable = problems.isEmpty;
  const [, filters, campaign, parsed] = together(
    () => {
      problems.throwIfAny();
      namingSlips(problems, () => (isListed ? checkListed(request) : checkTargeting(request)));
    },
    () => checkSegmentAndAudience(request, catalog, problems),
    // A campaign that could not be read is not missing.
    () => (isReadable || request.campaignId !== null ? checkCampaign(request, catalog) : null),
    () => {
      const found = isReadable ? problems : new Problems();
      return checkMessages(request.messages, { path: 'messages', workspace: catalog, problems: found, now });
    },
  );
  const plan = makePlan(request, campaign, messagesIn(parsed));
  const { dryRun, atMost } = request;
  return { plan, parsed, dryRun, atMost, problems, filters };
}

/** Checks messages that replace those of a plan, as `checkSendRequest` checks the ones of a body. */
export async function checkNewMessages(
  messages: unknown,
  { campaignId, trigger }: Pick<SendPlan, 'campaignId' | 'trigger'>,
  catalog: WorkspaceCatalog,
  options: { now: Date; stored: StoredThings },
): Promise<{ parts: Pick<SendPlan, 'messages' | 'content'>; remarks: SendRemarks }> {
  const anybody = { external_user_ids: ['anybody'] };
  const body = { ...anybody, ...(campaignId !== null && { campaign_id: campaignId }), messages };
  const { plan, remarks } = await checkSendRequest(body, catalog, { ...options, isTriggered: trigger !== undefined });
  const { content } = plan;
  return { parts: { messages: plan.messages, ...(content && { content }) }, remarks };
}

/** Whoever names nobody, or sends nothing, may have misspelt the member that says it. */
function namingSlips(problems: Problems, check: () => void): void {
  try {
    check();
  } catch (error) {
    const isEmpty = error instanceof RequestError && (error.code === 'no_message' || error.code === 'no_recipients');
    if (!isEmpty) throw error;
    problems.warnAtEnd();
    throw new RequestError(error.code, [...error.errors, ...problems.warnings]);
  }
}

/** Steps 7 to 10. Source: send.md §4, truth table. */
function checkTargeting(request: SendRequest): void {
  const { names, segmentId, audience, broadcast } = request;
  checkMessagesGiven(request);
  const isNarrowed = segmentId !== null || audience !== null;
  if (names.length === 0 && !isNarrowed) {
    refuse('no_recipients', 'external_user_ids, user_aliases, segment_id, audience: expected at least one, got none');
  }
  if (names.length > MAX_NAMES)
    refuse(
      'too_many_names',
      `external_user_ids, user_aliases: expected at most ${MAX_NAMES} together, got ${names.length}`,
    );
  if (names.length === 0 && !broadcast) {
    refuse('bad_request', 'broadcast: must be true when neither external_user_ids nor user_aliases is given');
  }
  if (names.length > 0 && broadcast) {
    refuse('bad_request', 'broadcast: must not be true when external_user_ids or user_aliases is given');
  }
  checkCanary(request.options, names.length === 0);
  checkCounted(request.atMost, names.length === 0);
}

/** The people stand in a list beside the request, so there is no audience to count. */
function checkListed(request: SendRequest): void {
  checkMessagesGiven(request);
  checkCounted(request.atMost, false);
}

function checkMessagesGiven(request: SendRequest): void {
  if (request.messages.length === 0) refuse('no_message', noChannel(request));
}

function noChannel({ unknownChannels }: SendRequest): string {
  const known = channelKeys.join(', ');
  const [first] = unknownChannels;
  if (first === undefined) return `messages: expected an object with one or more of ${known}, got none`;
  const meant = nearest(first, channelKeys);
  const came = unknownChannels.slice(0, MAX_SHOWN).map(shown).join(', ');
  return `messages: expected one or more of ${known}, got ${came}${meant === null ? '' : `; did you mean ${meant}?`}`;
}

/** Step 11. */
function checkSegmentAndAudience(
  { segmentId, audience }: SendRequest,
  catalog: WorkspaceCatalog,
  problems: Problems,
): GivenFilter[] {
  const filters: GivenFilter[] = [];
  if (segmentId !== null) {
    const segment = catalog.segments.get(idKey(segmentId));
    if (segment === undefined || segment.archived) {
      refuse('bad_request', `segment_id: ${namesNo('a segment', segmentId)}${idMeantBy(segmentId, catalog.segments)}`);
    }
    const filter = filterOf(segment);
    checkAudienceReferences(filter, catalog);
    for (const slip of slipsOf(filter)) problems.warn(`segment_id: ${slip}`);
    filters.push({ prefix: 'segment_id: ', filter });
  }
  if (audience !== null) filters.push({ prefix: '', filter: parseAudience(audience, 'audience') });
  return filters;
}

/** Step 12. Source: send.md §6 and §7. A caller's own send id is looked up later, because that needs the database. */
function checkCampaign(request: SendRequest, catalog: WorkspaceCatalog): Campaign | null {
  const { campaignId, sendId } = request;
  if (sendId !== null && campaignId === null)
    refuse('bad_request', 'send_id: needs the campaign_id it was created for');
  checkSendIdForm(sendId);
  if (campaignId === null) return null;
  const campaign = catalog.campaigns.get(idKey(campaignId));
  if (campaign === undefined || campaign.kind !== 'api' || campaign.archived) {
    const isTriggered = campaign !== undefined && campaign.kind !== 'api';
    const hint = isTriggered ? `; it is ${campaign.kind}: trigger it` : idMeantBy(campaignId, catalog.campaigns);
    refuse('invalid_campaign', `campaign_id: ${namesNo('an API campaign', campaignId)}${hint}`);
  }
  checkVariations(request, campaign);
  return campaign;
}

export function checkSendIdForm(sendId: string | null): void {
  if (sendId !== null && !/^[\x20-\x7e]{1,64}$/.test(sendId)) {
    refuse('bad_request', 'send_id: expected at most 64 ASCII characters');
  }
}

function checkVariations(request: SendRequest, campaign: Campaign): void {
  const named = request.messages.map(([channel, message]) => {
    const id = readText(own(message, 'message_variation_id'));
    return { path: `messages.${channel}.message_variation_id`, channel, id: id.ok ? id.value : undefined };
  });
  const missing = named
    .filter(({ id }) => id === undefined || id === '')
    .map(({ path }) => `${path}: is required with campaign_id`);
  if (missing.length > 0) throw new RequestError('variant_unspecified', missing);
  const found = named.map((one) => ({ ...one, variation: campaign.variations.get(idKey(one.id ?? '')) }));
  const unknown = found
    .filter(({ variation }) => variation === undefined)
    .map(({ path, id = '' }) => `${path}: is not of this campaign, got "${shown(id)}"`);
  if (unknown.length > 0) throw new RequestError('invalid_variant', unknown);
  const mismatched = found.filter(
    ({ channel, variation }) => variation?.channel !== channels[channel].variationChannel,
  );
  if (mismatched.length === 0) return;
  throw new RequestError(
    'mismatched_message_type',
    mismatched.map(({ path, variation }) => `${path}: is a variation of ${variation?.channel}`),
  );
}

function makePlan(request: SendRequest, campaign: Campaign | null, messages: SendPlan['messages']): SendPlan {
  const obeysCaps = !request.overridesCaps && (campaign?.obeysCaps ?? true);
  return {
    version: 1,
    names: request.names,
    segmentId: request.segmentId === null ? null : idKey(request.segmentId),
    audience: request.audience,
    campaignId: campaign?.id ?? null,
    sendId: request.sendId,
    obeysCaps,
    countsTowardCaps: obeysCaps || (campaign?.countsTowardCaps ?? false),
    requiredState: request.requiredState,
    ...request.options,
    messages,
  };
}

/** Whoever gives a name where an id is expected is told the id. */
function idMeantBy(name: string, things: ReadonlyMap<string, { id: string; name: string; archived: boolean }>): string {
  const meant = [...things.values()].find((thing) => thing.name === name && thing.id !== name && !thing.archived);
  return meant === undefined ? '' : `; that is the name of ${meant.id}`;
}

function refuse(code: ErrorCode, detail: string): never {
  throw new RequestError(code, [detail]);
}
