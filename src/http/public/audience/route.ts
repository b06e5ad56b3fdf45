import { explainPerson } from '../../../audience/explain-person.ts';
import { previewAudience } from '../../../audience/preview.ts';
import { refusingExpensive } from '../../../audience/time-limit.ts';
import type { Database } from '../../../db/database.ts';
import { warningsOfTargets } from '../../../dispatch/accept/warnings-of-targets.ts';
import { remarkMembers } from '../../../dispatch/plan/remarks.ts';
import type { StoredThings } from '../../../dispatch/plan/stored-things.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { findPerson } from '../../../people/profile/find-person.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import { nobodyHas } from '../../person-query.ts';
import type { Questions } from '../../questions.ts';
import type { Answer, RateBucket, Route, RouteRequest } from '../../route.ts';
import { readExplainRequest, readPreviewRequest } from './request.ts';

export interface AudienceRouteDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
  questions: Questions;
  stored: Pick<StoredThings, 'findUnused'>;
}

/** The limit is low, because a look at everybody costs the database more than a send to one person. */
const bucket: RateBucket = { name: 'audience', limit: 250, windowMs: 60_000 };

/** Tell whom a segment or audience describes, and why one person is in it or not. They send and store nothing. */
export function audienceRoutes(deps: AudienceRouteDeps): Route[] {
  return [
    {
      method: 'POST',
      path: '/audience/preview',
      permission: 'audience.preview',
      bucket: () => bucket,
      handle: (request) =>
        deps.questions(request.workspaceId, () => refusingExpensive(() => handlePreview(deps, request))),
    },
    {
      method: 'POST',
      path: '/audience/explain',
      permission: 'audience.explain',
      bucket: () => bucket,
      handle: (request) =>
        deps.questions(request.workspaceId, () => refusingExpensive(() => handleExplain(deps, request))),
    },
  ];
}

async function handlePreview(
  { db, clock, catalog, stored }: AudienceRouteDeps,
  { body, workspaceId }: RouteRequest,
): Promise<Answer> {
  const workspace = loadedWorkspace(catalog, workspaceId);
  const now = clock.now();
  const request = readPreviewRequest(body, workspace, now);
  const startedAt = performance.now();
  const preview = await previewAudience(db, { request, workspace, now });
  const tookMs = Math.round(performance.now() - startedAt);
  const warnings = await warningsOfTargets(request.filters, workspaceId, stored);
  const remarks = remarkMembers({ minors: [], warnings });
  return { status: 201, body: { ...preview, took_ms: tookMs, ...remarks, message: 'success' } };
}

async function handleExplain(
  { db, clock, catalog, stored }: AudienceRouteDeps,
  { body, workspaceId }: RouteRequest,
): Promise<Answer> {
  const workspace = loadedWorkspace(catalog, workspaceId);
  const { filters, identifier } = readExplainRequest(body, workspace);
  const found = await findPerson(db, workspaceId, identifier);
  const now = clock.now();
  const verdict = found && (await explainPerson(db, { filters, person: found.key, workspace, now }));
  if (found === null || verdict === null) throw new RequestError('not_found', [nobodyHas(identifier)]);
  const person = { external_id: found.externalId, braze_id: found.brazeId };
  const remarks = remarkMembers({ minors: [], warnings: await warningsOfTargets(filters, workspaceId, stored) });
  return { status: 201, body: { ...person, evaluated_at: now, ...verdict, ...remarks, message: 'success' } };
}
