import type { PinnedContent } from '../../content/pins.ts';
import { RequestError } from '../../errors.ts';
import { didYouMean, nearest } from '../../lib/raw/did-you-mean.ts';
import { describe, elementPath, isObject, own, type RawObject, shown } from '../../lib/raw/json.ts';
import { isEmpty, isGiven, readFlag } from '../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../lib/raw/problems.ts';
import { remarksOfRefusal, sentenceOf } from '../../people/remarks.ts';
import { type AttributesObject, readAttributes, remarksBeside } from '../../people/track/attributes.ts';
import { idKey, type WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { SendRemarks } from '../plan/remarks.ts';
import type { SendPlan } from '../plan/send-plan.ts';
import type { StoredThings } from '../plan/stored-things.ts';
import { checkSendRequest } from './check.ts';
import { checkCampaignTrigger } from './triggers/check.ts';

/** A checked body of `/messages/preview`. */
export interface CheckedPreview {
  plan: SendPlan;
  /** The stored content that the plan pins. */
  content: PinnedContent;
  remarks: SendRemarks;
  /** Whether stored people are meant. False: only those in `attributes`. */
  hasTargets: boolean;
  sampleSize: number;
  attributes: AttributesObject[];
  checksLinks: boolean;
}

interface Surroundings {
  workspace: WorkspaceCatalog;
  stored: StoredThings;
  now: Date;
}

const MOST_ATTRIBUTES = 20;
const MOST_SAMPLES = 20;
const USUAL_SAMPLES = 3;
/** Members that a send does not have. */
const ownMembers: ReadonlySet<string> = new Set(['attributes', 'trigger_properties', 'sample_size', 'check_links']);
const targetMembers = ['external_user_ids', 'user_aliases', 'segment_id', 'audience'] as const;
/** Members beside a campaign that holds the messages. Those after `messages` are members of sends, which mean nothing here. */
const heldMembers: ReadonlySet<string> = new Set([
  ...[...ownMembers, ...targetMembers, 'campaign_id', 'messages'],
  ...['broadcast', 'send_id', 'cresset', 'override_frequency_capping', 'override_messaging_limits', 'recipients'],
]);
/** Most unknown members that are told. */
const MOST_SLIPS = 20;
/** What a send says of a member at its top for which it knows no other name. */
const UNKNOWN = /^(\w{1,100}): not known, ignored$/;
/** Stands for somebody, where only people of the request are meant. Nobody is looked up. */
const ANYBODY = 'anybody';

/**
 * Turns a body into what is to be previewed: messages as in a send, or the id of an API-triggered campaign that holds
 * them; people as in a send, or attributes; without people, a person of whom nothing is known. Throws RequestError.
 */
export async function checkPreviewRequest(body: RawObject, surroundings: Surroundings): Promise<CheckedPreview> {
  const hasTargets = targetMembers.some((key) => !isEmpty(own(body, key)));
  const given = readProfiles(own(body, 'attributes'), surroundings.workspace);
  const { attributes, warnings } =
    hasTargets || given.attributes.length > 0 ? given : readProfiles({}, surroundings.workspace);
  const sampleSize = readSampleSize(own(body, 'sample_size'));
  const checksLinks = readSwitch(own(body, 'check_links'));
  const properties = readProperties(own(body, 'trigger_properties'));
  const holdsMessages = isEmpty(own(body, 'messages')) && isHeld(own(body, 'campaign_id'), surroundings.workspace);
  const { plan, content, remarks } = holdsMessages
    ? await checkHeld(body, { hasTargets, properties }, surroundings)
    : await checkGiven(body, { hasTargets, properties }, surroundings);
  return {
    ...{ plan, content, hasTargets, sampleSize, attributes, checksLinks },
    remarks: {
      minors: remarks.minors,
      warnings: [
        ...remarks.warnings.map(withOwnMember),
        ...(holdsMessages ? slipsBesideHeld(Object.keys(body)) : []),
        ...warnings,
      ],
    },
  };
}

/** A send does not know the members of a preview, so it does not suggest them. */
function withOwnMember(warning: string): string {
  const [, key] = UNKNOWN.exec(warning) ?? [];
  return key === undefined ? warning : warning + didYouMean(nearest(key, [...ownMembers]));
}

/** Members that are not known beside a campaign that holds the messages. */
function slipsBesideHeld(keys: readonly string[]): string[] {
  return keys
    .filter((key) => !heldMembers.has(key))
    .slice(0, MOST_SLIPS)
    .map((key) => `${shown(key)}: not known, ignored${didYouMean(nearest(key, [...heldMembers]))}`);
}

type Checked = Pick<CheckedPreview, 'plan' | 'content' | 'remarks'>;
type Targets = Pick<CheckedPreview, 'hasTargets'> & { properties: RawObject | null };

/** Messages that the request brings. */
async function checkGiven(
  body: RawObject,
  { hasTargets, properties }: Targets,
  { workspace, stored, now }: Surroundings,
): Promise<Checked> {
  const send = withTargets(
    Object.fromEntries(Object.entries(body).filter(([key]) => !ownMembers.has(key))),
    hasTargets,
  );
  const checked = await checkSendRequest(send, workspace, { now, stored, isTriggered: properties !== null });
  const trigger = properties === null ? {} : { trigger: { common: properties, own: [], canvas: null } };
  return { ...checked, plan: { ...checked.plan, ...trigger } };
}

function withTargets(body: RawObject, hasTargets: boolean): RawObject {
  if (!hasTargets) return { ...body, external_user_ids: [ANYBODY] };
  const isNamed = ['external_user_ids', 'user_aliases'].some((key) => !isEmpty(own(body, key)));
  return isNamed || own(body, 'broadcast') !== undefined ? body : { ...body, broadcast: true };
}

function isHeld(campaignId: unknown, workspace: WorkspaceCatalog): boolean {
  return typeof campaignId === 'string' && workspace.campaigns.get(idKey(campaignId))?.kind === 'api_triggered';
}

/** Messages that the campaign holds. Archived and paused ones may be looked at, too. */
async function checkHeld(
  body: RawObject,
  { hasTargets, properties }: Targets,
  { workspace, stored }: Surroundings,
): Promise<Checked> {
  const { audience, external_user_ids: ids, user_aliases: aliases } = body;
  if (isGiven(own(body, 'segment_id')))
    throw new RequestError('bad_request', ['segment_id: is not known here; the segment is that of the campaign']);
  const named = [
    ...listOf(ids).map((external_user_id) => ({ external_user_id })),
    ...listOf(aliases).map((user_alias) => ({ user_alias })),
  ];
  const recipients = hasTargets ? named : [{ external_user_id: ANYBODY }];
  const trigger = {
    campaign_id: own(body, 'campaign_id'),
    ...(recipients.length > 0 ? { recipients } : { broadcast: true }),
    ...(isGiven(audience) && { audience }),
    ...(properties !== null && { trigger_properties: properties }),
  };
  return checkCampaignTrigger(trigger, { workspace, stored, isRehearsal: true });
}

function listOf(value: unknown): unknown[] {
  if (isEmpty(value)) return [];
  return Array.isArray(value) ? value : [value];
}

/** Reads people as `/users/track` does, but for their names. Throws RequestError, which names every path. */
function readProfiles(
  value: unknown,
  workspace: WorkspaceCatalog,
): { attributes: AttributesObject[]; warnings: string[] } {
  if (!isGiven(value)) return { attributes: [], warnings: [] };
  const list = Array.isArray(value) ? value : [value];
  if (list.length > MOST_ATTRIBUTES)
    throw new RequestError('bad_request', [`attributes: expected at most ${MOST_ATTRIBUTES}, got ${list.length}`]);
  const problems: string[] = [];
  const warnings: string[] = [];
  const attributes = list.flatMap((raw: unknown, index) => {
    const path = Array.isArray(value) ? elementPath('attributes', index) : 'attributes';
    try {
      if (!isObject(raw)) throw new ObjectProblem(`expected an object, got ${describe(raw)}`);
      const read = readAttributes(
        { ...raw, external_id: ANYBODY, user_alias: undefined, braze_id: undefined },
        workspace,
      );
      warnings.push(...read.remarks.map((remark) => `${path}: ${sentenceOf(remark)}`), ...remarksBeside(read, path));
      return [read];
    } catch (error) {
      if (!(error instanceof ObjectProblem)) throw error;
      problems.push(...remarksOfRefusal(error).map((remark) => `${path}: ${sentenceOf(remark)}`));
      return [];
    }
  });
  if (problems.length > 0) throw new RequestError('bad_request', problems);
  return { attributes, warnings };
}

function readSampleSize(value: unknown): number {
  if (!isGiven(value)) return USUAL_SAMPLES;
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_SAMPLES) return Number(value);
  throw new RequestError('bad_request', [`sample_size: expected an integer from 1 to ${MOST_SAMPLES}`]);
}

function readSwitch(value: unknown): boolean {
  const reading = readFlag(value);
  if (!reading.ok) throw new RequestError('bad_request', ['check_links: expected a boolean']);
  return reading.value ?? false;
}

/** null: there are none, as in a send. */
function readProperties(value: unknown): RawObject | null {
  if (!isGiven(value)) return null;
  if (isObject(value)) return value;
  throw new RequestError('bad_request', [`trigger_properties: expected an object, got ${describe(value)}`]);
}
