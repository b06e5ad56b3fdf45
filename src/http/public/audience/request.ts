import { filterOf } from '../../../audience/context.ts';
import type { Filter } from '../../../audience/grammar/filter.ts';
import { parseAudience } from '../../../audience/grammar/parse.ts';
import { checkReferences } from '../../../audience/grammar/references.ts';
import type { PreviewChannel, PreviewRequest } from '../../../audience/preview.ts';
import type { TargetingFilters } from '../../../audience/targeting.ts';
import { type ChannelKey, channelKeys } from '../../../channels/channel.ts';
import { channels } from '../../../channels/index.ts';
import { type ReachQuestion, reaches } from '../../../dispatch/admit/gates-sql.ts';
import { heldBy, quietZone, workspaceQuiet } from '../../../dispatch/plan/quiet-hours.ts';
import { RequestError } from '../../../errors.ts';
import { describe, elementPath, memberPath, namesNo, type RawObject } from '../../../lib/raw/json.ts';
import { ObjectReader } from '../../../lib/raw/object-reader.ts';
import { firstProblem, ObjectProblem, Problems } from '../../../lib/raw/problems.ts';
import { requiredStates } from '../../../people/consent/required-state.ts';
import { type Identifier, readIdentifier } from '../../../people/profile/identifiers.ts';
import { idKey, type WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { allowedCodes } from '../../../workspace/dialing-codes.ts';

const targetMembers = ['segment_id', 'filter', 'audience'];
const previewMembers = [...targetMembers, 'recipient_subscription_state', 'channels', 'subscription_group_ids'];
const explainMembers = [...targetMembers, 'external_id', 'user_alias', 'braze_id'];

type Body = ObjectReader;

/** Reads the body of /audience/preview. Throws RequestError. */
export function readPreviewRequest(raw: RawObject, workspace: WorkspaceCatalog, now: Date): PreviewRequest {
  const body = bodyWith(previewMembers, raw);
  const filters = readTargets(body, workspace);
  const requiredState = body.word('recipient_subscription_state', requiredStates) ?? 'subscribed';
  const channels = readChannels(body, workspace).map(({ key, groupId }) => ({
    key,
    reaches: reaches({
      ...{ key, groupId, requiredState, workspaceId: workspace.id },
      dialingCodes: allowedCodes(workspace.subscriptionGroups.get(groupId ?? '')),
    }),
    ...quietIn(key, workspace, now),
  }));
  return { filters, channels };
}

/** The quiet hours that a channel has by the workspace's own rules. */
function quietIn(key: ChannelKey, workspace: WorkspaceCatalog, now: Date): Pick<PreviewChannel, 'isQuietIn'> {
  const quiet = workspaceQuiet(channels[key], workspace);
  if (quiet === null) return {};
  const { rules, workspaceZone } = quiet;
  return { isQuietIn: (zone) => heldBy(rules, quietZone(zone, workspaceZone), now) !== null };
}

/** Reads the body of /audience/explain. Throws RequestError. */
export function readExplainRequest(
  raw: RawObject,
  workspace: WorkspaceCatalog,
): { filters: TargetingFilters; identifier: Identifier } {
  const body = bodyWith(explainMembers, raw);
  const filters = readTargets(body, workspace);
  const identifier = readIdentifier(raw);
  if (identifier === null) throw new ObjectProblem('external_id, user_alias, braze_id: expected one of them, got none');
  return { filters, identifier };
}

/** A reader of the body. Throws all unknown members at once; of other problems, it throws the first. */
function bodyWith(members: readonly string[], raw: RawObject): Body {
  const problems = new Problems();
  new ObjectReader(raw, '', problems).refuseUnknown(members);
  problems.throwIfAny();
  return new ObjectReader(raw, '', firstProblem);
}

/** Reads the targets as a send does: an absent one does not narrow, but at least one must be given. */
function readTargets(body: Body, workspace: WorkspaceCatalog): TargetingFilters {
  if (!targetMembers.some((member) => body.has(member))) {
    throw new ObjectProblem(`${targetMembers.join(', ')}: expected at least one, got none`);
  }
  if (body.has('segment_id') && body.has('filter')) {
    throw new ObjectProblem('filter: must not be given with segment_id, because it is the draft of a segment');
  }
  const audience = body.has('audience') ? parseAudience(body.get('audience'), 'audience') : null;
  if (body.has('filter'))
    return { segment: readDraft(body.get('filter'), workspace), audience, segmentMember: 'filter' };
  return { segment: body.has('segment_id') ? readSegment(body.get('segment_id'), workspace) : null, audience };
}

/** Reads the filter of a segment that is not saved. It may use all that a segment's filter may. */
export function readDraft(value: unknown, workspace: WorkspaceCatalog): Filter {
  const filter = parseAudience(value, 'filter', { isSegment: true });
  checkReferences(filter, workspace);
  return filter;
}

function readSegment(id: unknown, workspace: WorkspaceCatalog): TargetingFilters['segment'] {
  const segment = typeof id === 'string' ? workspace.segments.get(idKey(id)) : undefined;
  if (segment === undefined || segment.archived) {
    throw new ObjectProblem(`segment_id: ${namesNo('a segment', id)}`);
  }
  const filter = filterOf(segment);
  checkReferences(filter, workspace);
  return filter;
}

/** Reads the channels. Default: every channel that does not need a subscription group, and those with a given group. */
function readChannels(body: Body, workspace: WorkspaceCatalog): Pick<ReachQuestion, 'key' | 'groupId'>[] {
  const groups = readGroups(body, workspace);
  if (!body.has('channels')) {
    const answerable = channelKeys.filter((key) => !needsGroup(key) || groups.has(key));
    return answerable.map((key) => ({ key, groupId: groups.get(key) ?? null }));
  }
  return [...new Set(readChannelKeys(body.get('channels')))].map((key) => {
    const groupId = groups.get(key) ?? null;
    if (needsGroup(key) && groupId === null) {
      throw new ObjectProblem(`subscription_group_ids.${key}: is required: only members of the group get ${key}`);
    }
    return { key, groupId };
  });
}

function readChannelKeys(value: unknown): ChannelKey[] {
  if (!Array.isArray(value)) throw new ObjectProblem(`channels: expected an array, got ${describe(value)}`);
  return value.map((one: unknown, index) => {
    const key = channelKeys.find((known) => known === one);
    if (key !== undefined) return key;
    throw new ObjectProblem(`${elementPath('channels', index)}: expected one of ${channelKeys.join(', ')}`);
  });
}

function needsGroup(key: ChannelKey): boolean {
  return channels[key].address.kind === 'phone';
}

function readGroups(body: Body, workspace: WorkspaceCatalog): Map<ChannelKey, string> {
  const given = body.rawObject('subscription_group_ids') ?? {};
  return new Map(Object.entries(given).map(([name, id]) => readGroup(name, id, workspace)));
}

function readGroup(name: string, id: unknown, workspace: WorkspaceCatalog): [ChannelKey, string] {
  const path = memberPath('subscription_group_ids', name);
  const key = channelKeys.find((known) => known === name && needsGroup(known));
  if (key === undefined) throw new ObjectProblem(`${path}: expected sms or whats_app`);
  const group = typeof id === 'string' ? workspace.subscriptionGroups.get(idKey(id)) : undefined;
  if (group === undefined || group.archived || group.channel !== key) {
    const detail = `${path}: ${namesNo(`a subscription group for ${key}`, id)}`;
    throw new RequestError('invalid_subscription_group', [detail]);
  }
  return [key, group.id];
}
