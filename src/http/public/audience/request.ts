import { filterOf } from '../../../audience/context.ts';
import { parseAudience } from '../../../audience/grammar/parse.ts';
import { checkReferences } from '../../../audience/grammar/references.ts';
import type { PreviewRequest } from '../../../audience/preview.ts';
import type { TargetingFilters } from '../../../audience/targeting.ts';
import { type ChannelKey, channelKeys } from '../../../channels/channel.ts';
import { channels } from '../../../channels/index.ts';
import { type ReachQuestion, reaches } from '../../../dispatch/admit/gates-sql.ts';
import { RequestError } from '../../../errors.ts';
import { describe } from '../../../lib/lenient.ts';
import { type RequiredState, requiredStates } from '../../../people/consent/required-state.ts';
import { isObject, ObjectProblem, own, type RawObject, shown } from '../../../people/object-problem.ts';
import { type Identifier, readIdentifier } from '../../../people/profile/identifiers.ts';
import { idKey, type WorkspaceCatalog } from '../../../workspace/catalog.ts';

const previewMembers = ['segment_id', 'audience', 'recipient_subscription_state', 'channels', 'subscription_group_ids'];
const explainMembers = ['segment_id', 'audience', 'external_id', 'user_alias', 'braze_id'];

/** The body of /audience/preview. Throws RequestError. */
export function readPreviewRequest(body: RawObject, workspace: WorkspaceCatalog): PreviewRequest {
  refuseUnknown(body, previewMembers);
  const filters = readTargets(body, workspace);
  const requiredState = readRequiredState(own(body, 'recipient_subscription_state'));
  const asked = readChannels(body, workspace);
  const channels = asked.map(({ key, groupId }) => ({
    key,
    reaches: reaches({ key, groupId, requiredState, workspaceId: workspace.id }),
  }));
  return { filters, channels };
}

/** The body of /audience/explain. Throws RequestError. */
export function readExplainRequest(
  body: RawObject,
  workspace: WorkspaceCatalog,
): { filters: TargetingFilters; identifier: Identifier } {
  refuseUnknown(body, explainMembers);
  return { filters: readTargets(body, workspace), identifier: readPerson(body) };
}

function refuse(problem: string): never {
  throw new RequestError('bad_request', [problem]);
}

function refuseUnknown(body: RawObject, members: readonly string[]): void {
  const unknown = Object.keys(body).filter((key) => !members.includes(key));
  if (unknown.length === 0) return;
  throw new RequestError(
    'bad_request',
    unknown.slice(0, 20).map((key) => `${shown(key)}: unknown member; ${members.join(', ')} are known`),
  );
}

/** As in a send: what is not given narrows nothing, but something must be given. */
function readTargets(body: RawObject, workspace: WorkspaceCatalog): TargetingFilters {
  const [segmentId, audience] = [own(body, 'segment_id') ?? null, own(body, 'audience') ?? null];
  if (segmentId === null && audience === null) refuse('expected segment_id, audience or both');
  return {
    segment: segmentId === null ? null : readSegment(segmentId, workspace),
    audience: audience === null ? null : parseAudience(audience, 'audience'),
  };
}

function readSegment(id: unknown, workspace: WorkspaceCatalog): TargetingFilters['segment'] {
  const segment = typeof id === 'string' ? workspace.segments.get(idKey(id)) : undefined;
  if (segment === undefined || segment.archived) refuse('segment_id: does not name a segment of this workspace');
  const filter = filterOf(segment);
  checkReferences(filter, workspace);
  return filter;
}

function readRequiredState(value: unknown): RequiredState {
  if (value === undefined || value === null) return 'subscribed';
  const state = requiredStates.find((known) => known === value);
  return state ?? refuse(`recipient_subscription_state: expected one of ${requiredStates.join(', ')}`);
}

/** Without `channels`, every channel for which it is known who may get it. */
function readChannels(body: RawObject, workspace: WorkspaceCatalog): Pick<ReachQuestion, 'key' | 'groupId'>[] {
  const groups = readGroups(own(body, 'subscription_group_ids') ?? {}, workspace);
  const given = own(body, 'channels') ?? null;
  if (given === null) {
    const answerable = channelKeys.filter((key) => !needsGroup(key) || groups.has(key));
    return answerable.map((key) => ({ key, groupId: groups.get(key) ?? null }));
  }
  if (!Array.isArray(given)) refuse(`channels: expected an array, got ${describe(given)}`);
  const keys = given.map((value: unknown, index) => {
    const key = channelKeys.find((known) => known === value);
    return key ?? refuse(`channels[${index}]: expected one of ${channelKeys.join(', ')}`);
  });
  return [...new Set(keys)].map((key) => {
    const groupId = groups.get(key) ?? null;
    if (needsGroup(key) && groupId === null) {
      refuse(`subscription_group_ids.${key}: is required: only members of the group get ${key}`);
    }
    return { key, groupId };
  });
}

function needsGroup(key: ChannelKey): boolean {
  return channels[key].address.kind === 'phone';
}

function readGroups(value: unknown, workspace: WorkspaceCatalog): Map<ChannelKey, string> {
  if (!isObject(value)) refuse(`subscription_group_ids: expected an object, got ${describe(value)}`);
  return new Map(
    Object.entries(value).map(([name, id]) => {
      const key = channelKeys.find((known) => known === name && needsGroup(known));
      if (key === undefined) refuse(`subscription_group_ids.${shown(name)}: expected sms or whats_app`);
      const group = typeof id === 'string' ? workspace.subscriptionGroups.get(idKey(id)) : undefined;
      if (group === undefined || group.archived || group.channel !== key) {
        const detail = `subscription_group_ids.${key}: does not name a subscription group for ${key} of this workspace`;
        throw new RequestError('invalid_subscription_group', [detail]);
      }
      return [key, group.id];
    }),
  );
}

function readPerson(body: RawObject): Identifier {
  try {
    const identifier = readIdentifier(body);
    return identifier ?? refuse('expected external_id, user_alias or braze_id');
  } catch (error) {
    if (error instanceof ObjectProblem) refuse(error.message);
    throw error;
  }
}
