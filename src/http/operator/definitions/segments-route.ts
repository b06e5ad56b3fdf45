import { randomUUID } from 'node:crypto';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { type Json, namesNo, own, type RawObject } from '../../../lib/raw/json.ts';
import { recordChange } from '../../../operators/audit.ts';
import { type EditDeps, editWorkspace } from '../../../workspace/edit/edit.ts';
import { listEdited } from '../../../workspace/edit/edited-definitions.ts';
import {
  removeSegment,
  type StoredSegment,
  storedSegment,
  usesOfSegment,
} from '../../../workspace/edit/remove-segment.ts';
import type { Answer } from '../../route.ts';
import { BodyReader } from '../body-reader.ts';
import type { OperatorRequest, OperatorRoute } from '../route.ts';
import { CONSOLE, describePlanned, lockOf, refusing } from './planned.ts';

export interface DefinitionDeps extends EditDeps {
  clock: Clock;
  /** Resolves when this server has read the definitions again. */
  refreshCatalog(): Promise<void>;
}

/** Members of a segment, as in the workspace file. */
const members = ['name', 'description', 'tags', 'analytics_tracking_enabled', 'archived', 'filter'] as const;
const OF_EDITS = ['dry_run', 'plan_digest'];
const DIGEST_LENGTH = 64;

/** Segments: read, save, change, remove. Whoever may write to an audience may save it; what others use is for admins. */
export function segmentRoutes(deps: DefinitionDeps): OperatorRoute[] {
  const path = '/operator/v1/segments/:segment_id';
  return [
    {
      method: 'GET',
      path,
      role: 'viewer',
      handle: ({ workspaceId, params: { segment_id: asked = '' } }) => describeSegment(deps, workspaceId, asked),
    },
    {
      method: 'POST',
      path: '/operator/v1/segments',
      role: 'sender',
      handle: (request) => saveSegment(deps, request),
    },
    { method: 'PATCH', path, role: 'admin', handle: (request) => changeSegment(deps, request) },
    {
      method: 'DELETE',
      path,
      role: 'admin',
      async handle({ actor, workspaceId, params: { segment_id: segmentId = '' } }) {
        const now = deps.clock.now();
        const removal = removeSegment(deps, {
          ...{ workspaceId, segmentId, by: `operator ${actor.name}`, from: CONSOLE, now },
          record: (tx, before) =>
            recordChange(
              tx,
              actor,
              { action: 'segment.delete', subject: before.id, before: asJson(before), after: null },
              now,
            ),
        });
        await refusing(removal);
        await deps.refreshCatalog();
        return { status: 200, body: { message: 'success' } };
      },
    },
  ];
}

async function describeSegment(deps: DefinitionDeps, workspaceId: number, asked: string): Promise<Answer> {
  const { db, checks, serverFile } = deps;
  const segment = await storedSegment(db, workspaceId, asked);
  if (segment === null) throw noSegment(asked);
  const edited = (await listEdited(db, workspaceId, 'segment')).find(({ id }) => id === segment.id);
  const file = (await serverFile?.(workspaceId, { mayBeOld: true })) ?? null;
  const body = {
    ...segment,
    edited: edited === undefined ? null : { by: edited.by, at: edited.at },
    locked: lockOf(file, 'segment', segment.id),
    used_by: await usesOfSegment(db, workspaceId, segment, checks),
    message: 'success',
  };
  return { status: 200, body };
}

async function saveSegment(deps: DefinitionDeps, request: OperatorRequest): Promise<Answer> {
  const reader = new BodyReader(request.body, ['id', ...members, ...OF_EDITS]);
  const how = readHow(reader);
  reader.end();
  const { id = randomUUID(), ...given } = chosen(request.body, ['id', ...members]);
  const applied = await edit(deps, request, {
    ...how,
    action: 'segment.create',
    segment: async () => ({ before: null, after: { id, ...given } }),
  });
  return { status: how.dryRun ? 200 : 201, body: { ...applied, message: 'success' } };
}

async function changeSegment(deps: DefinitionDeps, request: OperatorRequest): Promise<Answer> {
  const reader = new BodyReader(request.body, [...members, ...OF_EDITS]);
  const how = readHow(reader);
  const given = chosen(request.body, members);
  if (Object.keys(given).length === 0) reader.refuse('name', `expected one of ${members.join(', ')}, got none`);
  reader.end();
  const { segment_id: asked = '' } = request.params;
  const applied = await edit(deps, request, {
    ...how,
    action: 'segment.change',
    async segment(tx) {
      const before = await storedSegment(tx, request.workspaceId, asked);
      if (before === null) throw noSegment(asked);
      return { before, after: { ...before, ...given } };
    },
  });
  return { status: 200, body: { ...applied, message: 'success' } };
}

interface SegmentEdit {
  action: 'segment.create' | 'segment.change';
  dryRun: boolean;
  seen: string | null;
  segment(tx: Parameters<typeof storedSegment>[0]): Promise<{ before: StoredSegment | null; after: RawObject }>;
}

/** Applies a workspace text of this one segment. */
async function edit(
  deps: DefinitionDeps,
  { workspaceId, actor }: OperatorRequest,
  { action, dryRun, seen, segment }: SegmentEdit,
): Promise<object> {
  const now = deps.clock.now();
  let before: StoredSegment | null = null;
  let id = '';
  const editing = editWorkspace(deps, {
    ...{ workspaceId, by: `operator ${actor.name}`, from: CONSOLE, now, dryRun, seen },
    async given(tx) {
      const found = await segment(tx);
      before = found.before;
      return { segments: [found.after] };
    },
    check(plan) {
      const change = plan.find(({ kind }) => kind !== 'not in the file');
      id = change?.id ?? '';
      if (action === 'segment.create' && change !== undefined && change.kind !== 'create')
        throw new RequestError('bad_request', ['id: there is a segment with this id; PATCH changes it']);
    },
    async record(tx) {
      const after = asJson(await storedSegment(tx, workspaceId, id));
      await recordChange(tx, actor, { action, subject: id, before: asJson(before), after }, now);
    },
  });
  const applied = await refusing(editing, (problem) => problem.replace(/^segments\[0\]\.?/, ''));
  if (!dryRun) await deps.refreshCatalog();
  const warnings = applied.warnings.map((one) => one.replace(/^segments\[0\]\.?/, ''));
  return { segment_id: id, ...describePlanned({ ...applied, warnings }, dryRun) };
}

export function readHow(reader: BodyReader): { dryRun: boolean; seen: string | null } {
  const dryRun = reader.get('dry_run') ?? false;
  if (typeof dryRun !== 'boolean') reader.refuse('dry_run', 'expected true or false');
  return { dryRun: dryRun === true, seen: reader.optionalText('plan_digest', { most: DIGEST_LENGTH }) ?? null };
}

function chosen(body: RawObject, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter((name) => Object.hasOwn(body, name)).map((name) => [name, own(body, name)]));
}

function noSegment(asked: string): RequestError {
  return new RequestError('not_found', [`segment_id: ${namesNo('a segment', asked)}`]);
}

const LONGEST_RECORDED = 10_000;

/** The segment for the audit, without a filter that is too long to be kept with every change. */
function asJson(segment: StoredSegment | null): Json {
  if (segment === null) return null;
  const text = JSON.stringify(segment);
  if (text.length <= LONGEST_RECORDED) return JSON.parse(text);
  return JSON.parse(JSON.stringify({ ...segment, filter: { left_out: `${text.length} characters` } }));
}
