import { countLeftOut, type LeftOut, leaveEachOut, MOST_LEFT_OUT } from '../../../audience/leave-out.ts';
import { refusingExpensive } from '../../../audience/time-limit.ts';
import type { Database } from '../../../db/database.ts';
import type { Clock } from '../../../lib/clock.ts';
import { describe, elementPath, type RawObject } from '../../../lib/raw/json.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import type { Catalog, WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import { readDraft } from '../../public/audience/request.ts';
import type { Questions } from '../../questions.ts';
import { BodyReader } from '../body-reader.ts';
import type { OperatorRoute } from '../route.ts';

export interface AudienceDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
  questions: Questions;
}

/** Things of a kind that are offered. Others can be named by their id. */
const MOST_OFFERED = 1_000;

/** What an audience can be described with, and which filter keeps people out of it. */
export function audienceBuilderRoutes({ db, clock, catalog, questions }: AudienceDeps): OperatorRoute[] {
  return [
    {
      method: 'GET',
      path: '/operator/v1/audience',
      role: 'viewer',
      async handle({ workspaceId }) {
        return { status: 200, body: { ...offered(loadedWorkspace(catalog, workspaceId)), message: 'success' } };
      },
    },
    {
      method: 'POST',
      path: '/operator/v1/audience/parts',
      role: 'viewer',
      async handle({ workspaceId, body }) {
        const workspace = loadedWorkspace(catalog, workspaceId);
        const { filter, parts, leftOver } = readParts(body, workspace);
        const startedAt = performance.now();
        const options = { workspace, now: clock.now() };
        const counts = await questions(workspaceId, () =>
          refusingExpensive(() => countLeftOut(db, filter, parts, options)),
        );
        const took_ms = Math.round(performance.now() - startedAt);
        return { status: 200, body: { ...counts, left_over: leftOver, took_ms, message: 'success' } };
      },
    },
  ];
}

/** Reads the filter and which of its parts are asked for. Default: the first ones. */
function readParts(body: RawObject, workspace: WorkspaceCatalog) {
  const reader = new BodyReader(body, ['filter', 'paths']);
  reader.end();
  const filter = readDraft(body.filter, workspace);
  const all = leaveEachOut(filter, 'filter');
  const parts = body.paths === undefined ? all.slice(0, MOST_LEFT_OUT) : readPaths(body.paths, all);
  return { filter, parts, leftOver: all.length - parts.length };
}

function readPaths(paths: unknown, all: readonly LeftOut[]): LeftOut[] {
  if (!Array.isArray(paths) || paths.length === 0 || paths.length > MOST_LEFT_OUT)
    throw new ObjectProblem(`paths: expected an array of 1 to ${MOST_LEFT_OUT} paths, got ${describe(paths)}`);
  return paths.map((path: unknown, index) => {
    const part = all.find((one) => one.path === path);
    if (part !== undefined) return part;
    const at = elementPath('paths', index);
    throw new ObjectProblem(`${at}: expected the path of a filter or group of the filter, such as filter.AND[0]`);
  });
}

function offered({ segments, subscriptionGroups, apps, campaigns }: WorkspaceCatalog): object {
  const named = <T extends { id: string; name: string }>(all: Iterable<T>) =>
    [...all].map(({ id, name }) => ({ id, name })).sort((one, other) => one.name.localeCompare(other.name, 'en'));
  const kept = named([...segments.values()].filter(({ archived }) => !archived));
  return {
    segments: kept.slice(0, MOST_OFFERED),
    segments_left_out: Math.max(0, kept.length - MOST_OFFERED),
    groups: named([...subscriptionGroups.values()].filter(({ archived }) => !archived)),
    apps: named(apps.values()),
    campaigns: named(campaigns.values()).slice(0, MOST_OFFERED),
  };
}
