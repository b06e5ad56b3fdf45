import { RequestError } from '../../../errors.ts';
import type { Json } from '../../../lib/raw/json.ts';
import { recordChange } from '../../../operators/audit.ts';
import { editWorkspace } from '../../../workspace/edit/edit.ts';
import {
  definitionOf,
  type EditedText,
  listSections,
  readEditedText,
  textOfDefinition,
  wholeSections,
} from '../../../workspace/edit/edit-definitions.ts';
import { listEdited } from '../../../workspace/edit/edited-definitions.ts';
import { readDefinitions } from '../../../workspace/export/definitions.ts';
import { isNamed } from '../../../workspace/file/plan.ts';
import { readOneOf } from '../../query.ts';
import type { Answer } from '../../route.ts';
import { BodyReader } from '../body-reader.ts';
import type { OperatorRequest, OperatorRoute } from '../route.ts';
import { CONSOLE, describePlanned, lockOf, refusing } from './planned.ts';
import { type DefinitionDeps, readHow } from './segments-route.ts';

/** What can be edited by itself, by the name that a plan gives it. */
export const editableKinds = ['workspace', ...Object.values(listSections), ...wholeSections] as const;

/** Most characters of an edited text. */
export const LONGEST_TEXT = 1_000_000;
const LONGEST_RECORDED = 10_000;
const LONGEST_SUBJECT = 200;

/** Settings as the text of one definition: read with digests in the place of secrets, looked at as a plan, applied. */
export function definitionRoutes(deps: DefinitionDeps): OperatorRoute[] {
  const path = '/operator/v1/definitions';
  return [
    {
      method: 'GET',
      path,
      role: 'viewer',
      query: ['what', 'id'],
      handle: (request) => describeDefinition(deps, request),
    },
    { method: 'POST', path, role: 'admin', handle: (request) => editDefinitions(deps, request) },
  ];
}

async function describeDefinition(
  { db, sealing, serverFile }: DefinitionDeps,
  { workspaceId, query }: OperatorRequest,
): Promise<Answer> {
  const what = readOneOf(query, 'what', editableKinds);
  if (what === null) throw new RequestError('bad_request', [`what: expected one of ${editableKinds.join(', ')}`]);
  const id = query.get('id');
  const isOfList = Object.values<string>(listSections).includes(what);
  if (isOfList !== (id !== null))
    throw new RequestError('bad_request', [`id: ${isOfList ? 'is required' : 'there is only one'} of ${what}`]);
  const stored = await refusing(readDefinitions(db, workspaceId, sealing, { withoutContent: true }));
  const found = definitionOf(stored, { what, id });
  if (found === null && id !== null) throw new RequestError('not_found', [`id: no ${what} has this id`]);
  const edited = (await listEdited(db, workspaceId, what)).find((one) => one.id === id);
  const file = (await serverFile?.(workspaceId, { mayBeOld: true })) ?? null;
  const body = {
    yaml: found === null ? null : textOfDefinition(found, sealing),
    edited: edited === undefined ? null : { by: edited.by, at: edited.at },
    locked: lockOf(file, what, id),
    message: 'success',
  };
  return { status: 200, body };
}

async function editDefinitions(deps: DefinitionDeps, request: OperatorRequest): Promise<Answer> {
  const { workspaceId, actor } = request;
  const reader = new BodyReader(request.body, ['yaml', 'dry_run', 'plan_digest']);
  const source = reader.text('yaml', { most: LONGEST_TEXT });
  const { dryRun, seen } = readHow(reader);
  reader.end();
  const text = await refusing(Promise.resolve().then(() => readEditedText(source, CONSOLE)));
  const applied = await refusing(apply(deps, { workspaceId, actor, text, dryRun, seen }), text.placed);
  if (!dryRun) await deps.refreshCatalog();
  const warnings = applied.warnings.map(text.placed);
  return { status: 200, body: { ...describePlanned({ ...applied, warnings }, dryRun), message: 'success' } };
}

function apply(
  deps: DefinitionDeps,
  {
    workspaceId,
    actor,
    text,
    ...how
  }: Pick<OperatorRequest, 'workspaceId' | 'actor'> & { text: EditedText; dryRun: boolean; seen: string | null },
) {
  const now = deps.clock.now();
  const of = { workspaceId, secret: deps.sealing };
  let before: Json = null;
  return editWorkspace(deps, {
    ...{ workspaceId, by: `operator ${actor.name}`, from: CONSOLE, now, ...how },
    async given(tx) {
      before = recorded(await text.shown(tx, of));
      return text.given(tx, of);
    },
    async record(tx, plan) {
      const subject = plan
        .filter(isNamed)
        .map(({ what, name }) => (name === '' ? what : `${what} ${name}`))
        .join(', ')
        .slice(0, LONGEST_SUBJECT)
        .toWellFormed();
      const after = recorded(await text.shown(tx, of));
      await recordChange(tx, actor, { action: 'definitions.change', subject, before, after }, now);
    },
  });
}

/** The definitions as JSON, or their length if they are too long to be kept with every change. */
function recorded(definitions: object): Json {
  const text = JSON.stringify(definitions);
  return text.length <= LONGEST_RECORDED ? JSON.parse(text) : { left_out: `${text.length} characters` };
}
