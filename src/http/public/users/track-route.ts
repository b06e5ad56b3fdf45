import type { Database, Db } from '../../../db/database.ts';
import { logIgnoredConfirmations } from '../../../dispatch/ledger/activity-log.ts';
import { errorCodes } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { bounded } from '../../../lib/raw/bounded-texts.ts';
import { own, type RawObject } from '../../../lib/raw/json.ts';
import { createTrackGroups, type TrackGroups } from '../../../people/track/groups.ts';
import { readAttributesOf, readTotalOf } from '../../../people/track/read-back.ts';
import { slipsIn } from '../../../people/track/request.ts';
import { type TrackOptions, type TrackOutcome, type TrackWriter, track } from '../../../people/track/track.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, RateBucket, Route, RouteRequest } from '../../route.ts';
import { consentSourceOf } from '../consent-source.ts';
import { asLists, bulkLimits, checkBulk, identifierAsWritten, syncLimits } from './track-request.ts';

export interface TrackRouteDeps {
  db: Database;
  catalog: Catalog;
  clock: Clock;
}

const trackBucket: RateBucket = { name: 'users_track', limit: 3_000, windowMs: 3_000 };
const bulkBucket: RateBucket = { name: 'users_track_bulk', limit: 50, windowMs: 1_000 };
const syncBucket: RateBucket = { name: 'users_track_sync', limit: 500, windowMs: 60_000 };

/** The endpoints that store what is known of people. Source: adjacent-endpoints.md §2.1, §2.2, more-endpoints.md §1. */
export function trackRoutes(deps: TrackRouteDeps): Route[] {
  const groups = createTrackGroups({ db: deps.db, clock: deps.clock, logIgnored: logIgnoredConfirmations });
  return [
    {
      method: 'POST',
      path: '/users/track',
      permission: 'users.track',
      bucket: () => trackBucket,
      handle: async (request) => answerOf(request.body, await tracked(deps, request, { write: groups.write })),
    },
    {
      method: 'POST',
      path: '/users/track/bulk',
      permission: 'users.track.bulk',
      bucket: () => bulkBucket,
      handle: (request) => handleBulk(deps, groups, request),
    },
    {
      method: 'POST',
      path: '/users/track/sync',
      permission: 'users.track.sync',
      bucket: () => syncBucket,
      handle: (request) => handleSync(deps, groups, request),
    },
  ];
}

function tracked(
  { catalog, clock }: TrackRouteDeps,
  request: Pick<RouteRequest, 'body' | 'rawBody' | 'workspaceId' | 'apiKey'>,
  { write, limits }: { write: TrackWriter } & Pick<TrackOptions, 'limits'>,
): Promise<TrackOutcome> {
  const { body, rawBody, workspaceId } = request;
  const workspace = loadedWorkspace(catalog, workspaceId);
  const given = { body, workspace, source: consentSourceOf(request), now: clock.now(), sizeBytes: rawBody.length };
  return track(write, { ...given, ...(limits && { limits }) });
}

function answerOf(body: RawObject, { problems, processed, warnings }: TrackOutcome): Answer {
  // These are the only answers whose `errors` are objects.
  const errors = problems.length > 0 ? { errors: problems } : {};
  const isAnyGood = Object.values(processed).some((count) => count > 0);
  const { status, label } = errorCodes.no_valid_data;
  const slips = slipsIn(body);
  if (!isAnyGood) {
    return { status, body: { message: label, errors: [...problems, ...slips.map((type) => ({ type }))] } };
  }
  const counts = Object.entries(processed).map(([array, count]) => [`${array}_processed`, count] as const);
  return {
    status: 201,
    body: { ...Object.fromEntries(counts), message: 'success', ...errors, ...told([...slips, ...warnings]) },
  };
}

async function handleBulk(deps: TrackRouteDeps, groups: TrackGroups, request: RouteRequest): Promise<Answer> {
  checkBulk(request.body, request.rawBody);
  return answerOf(request.body, await tracked(deps, request, { write: groups.writeBulk, limits: bulkLimits }));
}

async function handleSync(deps: TrackRouteDeps, groups: TrackGroups, request: RouteRequest): Promise<Answer> {
  const body = asLists(request.body);
  const outcome = await tracked(deps, { ...request, body }, { write: groups.write, limits: syncLimits });
  const answer = answerOf(request.body, outcome);
  if (answer.status !== 201) return answer;
  const users = await readBack(deps.db, request.workspaceId, { body, outcome });
  const { problems, warnings } = outcome;
  const errors = problems.length > 0 && { errors: problems };
  return { status: 201, body: { users, message: 'success', ...errors, ...told(warnings) } };
}

function told(warnings: readonly string[]): object {
  return warnings.length > 0 ? { cresset: { warnings: bounded(warnings) } } : {};
}

/** The one person of a request, as stored now, with what the request names. Empty: nobody was found or made. */
async function readBack(
  db: Db,
  workspaceId: number,
  { body, outcome: { request } }: { body: RawObject; outcome: TrackOutcome },
): Promise<object[]> {
  const [attributes] = request.attributes;
  const [activity] = request.activities;
  if (attributes !== undefined) {
    const { identifier, custom } = attributes.object;
    if (identifier === null) return [];
    const found = await readAttributesOf(db, { workspaceId, identifier, names: [...custom.keys()] });
    return found === null ? [] : [{ ...identifierIn(body, 'attributes'), custom_attributes: found }];
  }
  if (activity === undefined) return [];
  const { array, object } = activity;
  const total = await readTotalOf(db, { workspaceId, activity: object });
  if (total === null) return [];
  const { first, last, count } = total;
  const times = { first: first.toISOString(), last: last.toISOString(), count };
  const totals =
    array === 'events'
      ? { custom_events: [{ name: object.did.name, ...times }] }
      : { purchase_events: [{ product_id: object.did.name, ...times }] };
  return [{ ...identifierIn(body, array), ...totals }];
}

function identifierIn(body: RawObject, array: string): RawObject {
  const [object] = own(body, array) as RawObject[];
  return object === undefined ? {} : identifierAsWritten(object);
}
