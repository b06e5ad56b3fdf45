import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { type AppliedFile, listApplied } from '../../../workspace/applied-files.ts';
import type { Catalog, WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { readDefinitions } from '../../../workspace/export/definitions.ts';
import { exportWorkspace } from '../../../workspace/export/export-workspace.ts';
import { maskSecrets } from '../../../workspace/export/render.ts';
import type { FileDrift, FileStamp } from '../../../workspace/file/plan-file.ts';
import { type Secret, SecretError } from '../../../workspace/secrets.ts';
import { StoredSettingsError } from '../../../workspace/stored-settings.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer } from '../../route.ts';
import { BodyReader } from '../body-reader.ts';
import type { OperatorRequest, OperatorRoute } from '../route.ts';
import { createDriftReader, type PlanFile } from './file-drift.ts';
import { checkable, testAccount } from './test-account.ts';

export interface SettingsDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
  /** The secret that seals the credentials. */
  sealing: Secret;
  /** What the file that this server applies at its start would change. Absent: it applies none. */
  planFile?: PlanFile | undefined;
  /** Tells when that file has changed. Absent: nobody knows. */
  stampFile?: (() => FileStamp) | undefined;
}

const MOST_APPLIED = 100;

/** What is defined, whether its accounts work, and the workspace file that it comes from. */
export function settingsRoutes(deps: SettingsDeps): OperatorRoute[] {
  const { db, catalog, sealing } = deps;
  const readDrift = createDriftReader(deps);
  return [
    {
      method: 'GET',
      path: '/operator/v1/settings',
      role: 'viewer',
      async handle({ workspaceId }) {
        const stored = await opened(readDefinitions(db, workspaceId, sealing, { withoutContent: true }));
        const workspace = loadedWorkspace(catalog, workspaceId);
        const body = {
          definitions: maskSecrets(stored, sealing),
          campaign_quiet_hours: quietHoursOf(workspace),
          blocked_attributes: [...(workspace.blockedAttributes ?? [])].sort(),
          message: 'success',
        };
        return { status: 200, body };
      },
    },
    { method: 'POST', path: '/operator/v1/settings/test', role: 'sender', handle: accountTester(deps) },
    {
      method: 'GET',
      path: '/operator/v1/workspace-file',
      role: 'viewer',
      async handle({ workspaceId }) {
        const { yaml, variables } = await opened(exportWorkspace(db, workspaceId, sealing));
        return { status: 200, body: { yaml, variables, message: 'success' } };
      },
    },
    {
      method: 'GET',
      path: '/operator/v1/workspace-file/state',
      role: 'viewer',
      handle: ({ workspaceId }) => fileState(deps, workspaceId, readDrift),
    },
  ];
}

/** Campaigns that have quiet hours of their own. */
function quietHoursOf({ campaigns }: WorkspaceCatalog): object[] {
  return [...campaigns.values()]
    .filter(({ quietHours, archived }) => quietHours !== undefined && !archived)
    .map(({ id, name, quietHours }) => ({ campaign_id: id, name, windows: quietHours }));
}

/** Two clicks on the same button are one call. */
function accountTester({ clock, catalog }: SettingsDeps): (request: OperatorRequest) => Promise<Answer> {
  const underWay = new Map<string, Promise<Answer>>();
  return ({ body, workspaceId }) => {
    const reader = new BodyReader(body, ['kind', 'id']);
    const asked = { kind: reader.oneOf('kind', checkable), id: reader.text('id', { most: 300 }) };
    reader.end();
    const key = JSON.stringify([workspaceId, asked.kind, asked.id]);
    const run = async (): Promise<Answer> => {
      const beganMs = performance.now();
      const { state, said } = await testAccount(loadedWorkspace(catalog, workspaceId), asked, clock);
      const took = Math.round(performance.now() - beganMs);
      return { status: 200, body: { is_good: state === 'good', said, took_ms: took, message: 'success' } };
    };
    const answer = underWay.get(key) ?? run().finally(() => underWay.delete(key));
    underWay.set(key, answer);
    return answer;
  };
}

async function fileState(
  { db, catalog }: SettingsDeps,
  workspaceId: number,
  readDrift: ReturnType<typeof createDriftReader>,
): Promise<Answer> {
  const applied = (await listApplied(db, workspaceId, MOST_APPLIED)).map(describeApplied);
  const { drift, isComparing } = await opened(readDrift(loadedWorkspace(catalog, workspaceId)));
  const isOthers = drift !== null && drift.workspaceId !== null && drift.workspaceId !== workspaceId;
  const server_file = drift === null || isOthers ? null : describeDrift(drift);
  return { status: 200, body: { applied, server_file, is_comparing: isComparing, message: 'success' } };
}

function describeApplied({ at, againAt, by, file, digest, changes }: AppliedFile): object {
  return { at, again_at: againAt, by, file, digest: digest.toString('hex'), changes };
}

function describeDrift({ file, digest, changes, warnings, problems }: FileDrift): object {
  return { file, digest, changes, warnings, problems };
}

/** Says to operators what is wrong with the stored credentials, which no request can mend. */
async function opened<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof SecretError || error instanceof StoredSettingsError)
      throw new RequestError('unavailable', [error.message]);
    throw error;
  }
}
