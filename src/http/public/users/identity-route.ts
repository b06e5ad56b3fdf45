import { moveHistory } from '../../../dispatch/ledger/person/history.ts';
import { updateAliases } from '../../../people/identity/alias-updates.ts';
import { removeExternalIds, renameExternalIds } from '../../../people/identity/external-ids.ts';
import { identifyPeople } from '../../../people/identity/identify-people.ts';
import type { Merging } from '../../../people/identity/merge.ts';
import { mergePeople } from '../../../people/identity/merge-people.ts';
import type { Answer, RateBucket, Route, RouteRequest } from '../../route.ts';
import {
  readAliasUpdates,
  readIdentifications,
  readMergeUpdates,
  readRemovals,
  readRenames,
} from './identity-request.ts';
import { identityBucket, type UserRouteDeps } from './route.ts';

const minuteMs = 60_000;
const renameBucket: RateBucket = { name: 'users_external_ids_rename', limit: 1_000, windowMs: minuteMs };
const removeBucket: RateBucket = { name: 'users_external_ids_remove', limit: 1_000, windowMs: minuteMs };

/** The endpoints that change who a person is. Source: adjacent-endpoints.md §2.4, §2.5, §2.7, §2.10. */
export function identityRoutes(deps: UserRouteDeps): Route[] {
  return [
    {
      method: 'POST',
      path: '/users/identify',
      permission: 'users.identify',
      bucket: () => identityBucket,
      handle: (request) => handleIdentify(deps, request),
    },
    {
      method: 'POST',
      path: '/users/merge',
      permission: 'users.merge',
      bucket: () => identityBucket,
      handle: (request) => handleMerge(deps, request),
    },
    {
      method: 'POST',
      path: '/users/alias/update',
      permission: 'users.alias.update',
      bucket: () => identityBucket,
      handle: (request) => handleAliasUpdates(deps, request),
    },
    {
      method: 'POST',
      path: '/users/external_ids/rename',
      permission: 'users.external_ids.rename',
      bucket: () => renameBucket,
      handle: (request) => handleRenames(deps, request),
    },
    {
      method: 'POST',
      path: '/users/external_ids/remove',
      permission: 'users.external_ids.remove',
      bucket: () => removeBucket,
      handle: (request) => handleRemovals(deps, request),
    },
  ];
}

async function handleIdentify({ db, clock }: UserRouteDeps, request: RouteRequest): Promise<Answer> {
  const identifications = readIdentifications(request.body);
  await identifyPeople(db, { identifications, ...mergingOf(request), now: clock.now() });
  return { status: 201, body: { aliases_processed: identifications.length, message: 'success' } };
}

async function handleMerge({ db, clock }: UserRouteDeps, request: RouteRequest): Promise<Answer> {
  const updates = readMergeUpdates(request.body);
  // The original's clients know these sentences as the `message`.
  if (typeof updates === 'string') return { status: 400, body: { message: updates, errors: [updates] } };
  await mergePeople(db, { updates, ...mergingOf(request), now: clock.now() });
  return { status: 202, body: { message: 'success' } };
}

function mergingOf({ workspaceId, apiKey }: RouteRequest): Omit<Merging, 'now'> {
  return { workspaceId, source: { door: 'merge', key: apiKey.name }, alsoMove: moveHistory };
}

async function handleAliasUpdates({ db }: UserRouteDeps, { body, workspaceId }: RouteRequest): Promise<Answer> {
  const updates = readAliasUpdates(body);
  await updateAliases(db, { updates, workspaceId });
  return { status: 201, body: { aliases_processed: updates.length, message: 'success' } };
}

async function handleRenames({ db, clock }: UserRouteDeps, { body, workspaceId }: RouteRequest): Promise<Answer> {
  const { renamed, errors } = await renameExternalIds(db, {
    renames: readRenames(body),
    workspaceId,
    now: clock.now(),
  });
  const external_ids = renamed.map(({ current, next }) => ({ current_external_id: current, new_external_id: next }));
  return { status: 201, body: { rename_errors: errors, external_ids, message: 'success' } };
}

async function handleRemovals({ db }: UserRouteDeps, { body, workspaceId }: RouteRequest): Promise<Answer> {
  const { removed, errors } = await removeExternalIds(db, { ids: readRemovals(body), workspaceId });
  return { status: 201, body: { removed_ids: removed, removal_errors: errors, message: 'success' } };
}
