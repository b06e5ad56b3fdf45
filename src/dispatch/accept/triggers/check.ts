import { parseAudience } from '../../../audience/grammar/parse.ts';
import type { PinnedContent } from '../../../content/pins.ts';
import { type ErrorCode, RequestError } from '../../../errors.ts';
import { namesNo, own, type RawObject } from '../../../lib/raw/json.ts';
import { Problems } from '../../../lib/raw/problems.ts';
import { sentenceOf } from '../../../people/remarks.ts';
import { remarksBeside } from '../../../people/track/attributes.ts';
import type { ReferenceAt } from '../../../templating/tree.ts';
import { type Campaign, type CampaignTrigger, idKey, type WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { contentOf } from '../../plan/campaign-content.ts';
import type { SendRemarks } from '../../plan/remarks.ts';
import type { PlannedTrigger, SendPlan } from '../../plan/send-plan.ts';
import { lookUpStored, type StoredThings } from '../../plan/stored-things.ts';
import { parsePlanned } from '../../plan/templates.ts';
import { checkSendIdForm } from '../check.ts';
import {
  attributesIn,
  warningsOfAttributes,
  warningsOfMailNames,
  warningsOfProperties,
  withFooterReferences,
} from '../names-read.ts';
import { checkCanary } from '../our-options.ts';
import { together } from '../together.ts';
import { withAttachments } from './attachments.ts';
import { type RecipientAttributes, readRecipientAttributes, remarksOfNames } from './attributes.ts';
import {
  campaignForm,
  canvasForm,
  readExternalSendId,
  readTransactionalRequest,
  readTriggerRequest,
  type TriggerForm,
  type TriggerRequest,
} from './request.ts';

const MAX_RECIPIENTS = 50;

export interface CheckedTrigger {
  plan: SendPlan;
  /** The stored content that the plan pins. */
  content: PinnedContent;
  dryRun: boolean;
  remarks: SendRemarks;
  /** To be stored before the send is accepted. */
  attributes: RecipientAttributes[];
}

/** A trigger of a Canvas that is paused or archived: nothing is sent, and the answer says why. */
export interface Notice {
  notice: string;
}

/** What a trigger may refer to. */
interface Surroundings {
  workspace: WorkspaceCatalog;
  stored: StoredThings;
  /** Nothing is to be sent, so that a campaign may be archived or paused. */
  isRehearsal?: true;
}

/**
 * Turns a body of `/campaigns/trigger/send` into a plan. `isListed`: the people come in a list of their own.
 * Throws the problems of the first step that fails.
 */
export async function checkCampaignTrigger(
  body: RawObject,
  { workspace, stored, isRehearsal, isListed = false }: Surroundings & { isListed?: boolean },
): Promise<CheckedTrigger> {
  const [{ request, problems }, campaign] = together(
    () => readChecked(body, campaignForm, isListed),
    () => findTriggered(body, workspace),
  );
  checkSendIdForm(request.sendId);
  if (!isRehearsal) refuseStopped(campaign);
  return planOf(request, { campaign, canvas: null }, { workspace, stored, isListed }, problems);
}

/** The same for `/canvas/trigger/send`. Source: more-endpoints.md §3.3. */
export async function checkCanvasTrigger(
  body: RawObject,
  { workspace, stored }: Surroundings,
): Promise<CheckedTrigger | Notice> {
  const [{ request, problems }, triggered] = together(
    () => readChecked(body, canvasForm),
    () => findCanvas(body, workspace),
  );
  const { archived, trigger } = triggered.campaign;
  const advice = 'to ensure trigger requests will take effect.';
  if (archived) return { notice: `The Canvas is archived. Unarchive the Canvas ${advice}` };
  if (trigger?.paused) return { notice: `The Canvas is paused. Resume the Canvas ${advice}` };
  return planOf(request, triggered, { workspace, stored }, problems);
}

/** The same for `/transactional/v1/campaigns/{campaign_id}/send`. Source: adjacent-endpoints.md §4.4. */
export async function checkTransactional(
  body: RawObject,
  campaignId: string,
  { workspace, stored }: Surroundings,
): Promise<CheckedTrigger> {
  const campaign = workspace.campaigns.get(idKey(campaignId));
  if (campaign === undefined)
    throw new RequestError('unknown_campaign', [`campaign_id: ${namesNo('a campaign', campaignId)}`]);
  if (campaign.kind !== 'transactional')
    throw new RequestError('not_transactional', [`campaign_id: its kind is ${campaign.kind}`]);
  refuseStopped(campaign);
  const problems = new Problems();
  const request = readTransactionalRequest(body, problems);
  problems.throwIfAny();
  checkCanary(request.options, false);
  if (request.recipients.length === 0) refuse('no_recipients', 'recipient: expected one person, got none');
  const checked = await planOf(request, { campaign, canvas: null }, { workspace, stored }, problems);
  const externalSendId = readExternalSendId(body, problems);
  return externalSendId === null ? checked : { ...checked, plan: { ...checked.plan, externalSendId } };
}

interface Triggered {
  campaign: Campaign;
  canvas: PlannedTrigger['canvas'];
}

/** Reads the body, and checks what needs no campaign. */
function readChecked(
  body: RawObject,
  form: TriggerForm,
  isListed = false,
): { request: TriggerRequest; problems: Problems } {
  const problems = new Problems();
  const request = readTriggerRequest(body, form, problems);
  problems.throwIfAny();
  const { recipients, broadcast, audience } = request;
  if (recipients.length === 0 && !broadcast && audience === null && !isListed) {
    problems.warnAtEnd();
    const detail = 'recipients, broadcast: expected recipients, or broadcast true, got neither';
    throw new RequestError('no_recipients', [detail, ...problems.warnings]);
  }
  if (recipients.length > MAX_RECIPIENTS)
    refuse('too_many_ids', `recipients: expected at most ${MAX_RECIPIENTS}, got ${recipients.length}`);
  if (recipients.length > 0 && broadcast) refuse('bad_request', 'broadcast: must not be true with recipients');
  checkCanary(request.options, recipients.length === 0);
  return { request, problems };
}

/** A broadcast goes to the campaign's segment. It never falls through to everybody. */
function checkTargeting({ recipients, audience, broadcast }: TriggerRequest, { segmentId }: CampaignTrigger): void {
  if (recipients.length > 0 || segmentId !== null) return;
  if (!broadcast) refuse('bad_request', 'broadcast: must be true without recipients, if the campaign has no segment');
  if (audience === null)
    refuse('no_recipients', 'broadcast: needs an audience, or a segment_id of the campaign in the workspace file');
}

/** The campaign that a body names. Throws RequestError unless it is API-triggered. */
export function findTriggered(body: RawObject, workspace: WorkspaceCatalog): Campaign {
  const id = own(body, 'campaign_id');
  if (typeof id !== 'string' || id === '')
    throw new RequestError('unknown_campaign_id', [idProblem('campaign_id', id)]);
  const campaign = workspace.campaigns.get(idKey(id));
  if (campaign?.kind === 'api_triggered') return campaign;
  throw new RequestError('invalid_campaign', [`campaign_id: ${namesNo('an API-triggered campaign', id)}`]);
}

/** The campaign with the Canvas id that a body names, or with this id of its own. Throws RequestError. */
export function findCanvas(body: RawObject, workspace: WorkspaceCatalog): Triggered {
  const id = own(body, 'canvas_id');
  if (typeof id !== 'string' || id === '') throw new RequestError('unknown_canvas_id', [idProblem('canvas_id', id)]);
  const campaign = workspace.canvases.get(idKey(id)) ?? workspace.campaigns.get(idKey(id));
  if (campaign?.kind !== 'api_triggered')
    throw new RequestError('unknown_canvas_id', [`canvas_id: ${namesNo('an API-triggered campaign', id)}`]);
  const { id: variantId, name: variantName } = campaign;
  const canvas = campaign.trigger?.canvas ?? { id: variantId, name: variantName };
  return { campaign, canvas: { ...canvas, variantId, variantName } };
}

function idProblem(member: string, value: unknown): string {
  return `${member}: expected the id of an API-triggered campaign as a text, got ${value === undefined ? 'nothing' : typeof value}`;
}

function refuseStopped(campaign: Campaign): void {
  if (campaign.archived) refuse('campaign_archived', `campaign_id: the campaign "${campaign.name}" is archived`);
  if (campaign.trigger?.paused) refuse('campaign_paused', `campaign_id: the campaign "${campaign.name}" is paused`);
}

function triggerOf({ id, trigger }: Campaign): CampaignTrigger {
  if (trigger === undefined) throw new Error(`campaign ${id} is not triggered`);
  return trigger;
}

async function planOf(
  request: TriggerRequest,
  { campaign, canvas }: Triggered,
  { workspace, stored, isListed = false }: Surroundings & { isListed?: boolean },
  problems: Problems,
): Promise<CheckedTrigger> {
  const trigger = triggerOf(campaign);
  if (!isListed) checkTargeting(request, trigger);
  if (request.audience !== null) parseAudience(request.audience, 'audience');
  const segment = trigger.segmentId === null ? null : workspace.segments.get(idKey(trigger.segmentId));
  if (segment?.archived ?? segment === undefined)
    refuse('bad_request', `campaign_id: ${namesNo('a segment', trigger.segmentId)}`);
  const { messages, split, nameStored, references: inTexts } = contentOf(campaign, workspace);
  const planned = withAttachments({ messages, ...(split !== undefined && { split }) }, request.attachments, {
    isBroadcast: request.recipients.length === 0,
    workspace,
  });
  const parsed = nameStored ? parsePlanned(planned, new Problems()) : [];
  const {
    pins,
    content,
    references: looked,
  } = await lookUpStored(parsed, {
    ...{ workspaceId: workspace.id, problems, stored },
  });
  const references = nameStored ? looked : inTexts;
  const attributes = readRecipientAttributes(request.recipients, workspace);
  const hasOwn = request.recipients.some(({ properties }) => properties !== null);
  const plan: SendPlan = {
    version: 1,
    names: request.recipients.map(({ name }) => name),
    segmentId: segment === null ? null : idKey(segment?.id ?? ''),
    audience: request.audience,
    campaignId: idKey(campaign.id),
    sendId: request.sendId,
    obeysCaps: campaign.obeysCaps,
    countsTowardCaps: campaign.obeysCaps || campaign.countsTowardCaps,
    requiredState: trigger.requiredState,
    ...request.options,
    ...planned,
    ...(pins !== undefined && { content: pins }),
    trigger: {
      common: request.properties ?? {},
      own: hasOwn ? request.recipients.map(({ properties }) => properties) : [],
      canvas,
    },
  };
  problems.warnAtEnd();
  for (const warning of warningsOfMailNames(references, workspace.settings)) problems.warn(warning);
  await warnOfNames(withFooterReferences(references, workspace.settings), {
    request,
    attributes,
    workspaceId: workspace.id,
    stored,
    problems,
    isListed,
  });
  for (const { path, object } of attributes) {
    for (const remark of object.remarks) problems.warn(`${path}: ${sentenceOf(remark)}`);
    for (const sentence of remarksBeside(object, path)) problems.warn(sentence);
  }
  for (const sentence of remarksOfNames(request.recipients)) problems.warn(sentence);
  if (request.dryRun && attributes.length > 0) problems.warn('attributes are not stored in a dry run');
  const remarks = { minors: problems.minors, warnings: problems.warnings };
  return { plan, content, dryRun: request.dryRun, remarks, attributes };
}

/** Warns of properties that no recipient gives, and of custom attributes that nobody ever had. */
async function warnOfNames(
  references: readonly ReferenceAt[],
  of: {
    request: TriggerRequest;
    attributes: readonly RecipientAttributes[];
    workspaceId: number;
    stored: StoredThings;
    problems: Problems;
    isListed: boolean;
  },
): Promise<void> {
  const { request, attributes, workspaceId, stored, problems, isListed } = of;
  const given = { common: request.properties ?? {}, own: request.recipients.map(({ properties }) => properties) };
  const warnings = isListed ? [] : warningsOfProperties(references, given);
  for (const warning of warnings) problems.warn(warning);
  // Attributes of this request are stored before it is sent.
  const stores = new Set(attributes.flatMap(({ object }) => [...object.custom.keys()]));
  const others = attributesIn(references.filter(({ name }) => !stores.has(name)));
  for (const warning of await warningsOfAttributes(others, workspaceId, stored)) problems.warn(warning);
}

function refuse(code: ErrorCode, detail: string): never {
  throw new RequestError(code, [detail]);
}
