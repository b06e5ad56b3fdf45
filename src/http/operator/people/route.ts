import type { Database } from '../../../db/database.ts';
import { SendOrigins } from '../../../dispatch/ledger/feedback/send-origins.ts';
import { listReceived } from '../../../dispatch/ledger/person/received.ts';
import { campaignMembers } from '../../../dispatch/report/campaign-members.ts';
import { explainSend } from '../../../dispatch/report/console/why.ts';
import type { DryRun } from '../../../dispatch/report/dry-run/dry-run.ts';
import { findDispatch } from '../../../dispatch/report/verdicts.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { exportByKeys } from '../../../people/export/export.ts';
import { readBrazeId } from '../../../people/profile/braze-id.ts';
import { type FoundPerson, findPerson } from '../../../people/profile/find-person.ts';
import type { Catalog, WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { readDispatchId } from '../../public/dispatches/request.ts';
import type { Questions } from '../../questions.ts';
import type { OperatorRequest, OperatorRoute } from '../route.ts';

export interface PeopleDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
  dryRun: DryRun;
  questions: Questions;
}

/** A person by braze id: everything that is known, and why a dispatch did or did not reach the person. */
export function peopleRoutes({ db, clock, catalog, dryRun, questions }: PeopleDeps): OperatorRoute[] {
  const deps = { db, clock, dryRun, origins: new SendOrigins() };
  return [
    {
      method: 'GET',
      path: '/operator/v1/people/:braze_id',
      role: 'viewer',
      async handle(request) {
        const { person, workspace } = await find(db, catalog, request);
        const form = { fields: null, workspace, now: clock.now(), listReceived };
        const [profile = {}] = await exportByKeys(db, [person.key], form);
        return { status: 200, body: { ...idsOf(person), profile, message: 'success' } };
      },
    },
    {
      method: 'GET',
      path: '/operator/v1/people/:braze_id/why',
      role: 'viewer',
      query: ['dispatch_id'],
      async handle(request) {
        const { person, workspace } = await find(db, catalog, request);
        const id = readDispatchId({ dispatch_id: request.query.get('dispatch_id') ?? '' });
        const dispatch = id === null ? null : await findDispatch(db, workspace.id, id);
        if (dispatch === null)
          throw new RequestError('not_found', ['dispatch_id: no dispatch of this workspace has this id']);
        return questions(workspace.id, async () => {
          const { recorded, now, notNow } = await explainSend(deps, workspace, { dispatch, person });
          const about = {
            ...{ state: dispatch.state, accepted_at: dispatch.accepted_at, campaign_id: null },
            ...campaignMembers(dispatch.campaign_id, workspace),
          };
          const body = { ...idsOf(person), dispatch: about, recorded, now, not_now: notNow, message: 'success' };
          return { status: 200, body };
        });
      },
    },
  ];
}

function idsOf({ externalId, brazeId }: FoundPerson): object {
  return { external_id: externalId, braze_id: brazeId };
}

async function find(
  db: Database,
  catalog: Catalog,
  { workspaceId, params }: OperatorRequest,
): Promise<{ person: FoundPerson; workspace: WorkspaceCatalog }> {
  const workspace = catalog.workspace(workspaceId);
  const id = readBrazeId(params.braze_id ?? '');
  const person = await findPerson(db, workspaceId, { kind: 'braze_id', id });
  if (person === null || workspace === undefined)
    throw new RequestError('not_found', ['braze_id: nobody of this workspace has this id']);
  return { person, workspace };
}
