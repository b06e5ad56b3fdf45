import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { version } from '../../../lib/project/version.ts';
import { isObject } from '../../../lib/raw/json.ts';
import { listChanges } from '../../../operators/audit.ts';
import { OPERATOR_NAME } from '../../../operators/openid/person.ts';
import {
  changeOperator,
  createOperator,
  deleteOperator,
  isWholeAdmin,
  listOperators,
  type Operator,
} from '../../../operators/operators.ts';
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from '../../../operators/passwords.ts';
import { operatorRoles } from '../../../operators/roles.ts';
import { endSession, listSessions, type Session } from '../../../operators/sessions.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { listWorkspaces } from '../../../workspace/workspaces.ts';
import { nextCursor, readCursor, readLimit } from '../../query.ts';
import type { Answer } from '../../route.ts';
import { BodyReader } from '../body-reader.ts';
import type { OperatorRequest, OperatorRoute } from '../route.ts';
import { describeChange, describeEntry, describeListed, describeOperator, describeSession } from './describe.ts';

export interface AccountDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
  publicUrl: string;
}

const done: Answer = { status: 200, body: { message: 'success' } };
const password = { least: SHORTEST_PASSWORD, most: LONGEST_PASSWORD };
const PAGE = { usual: 100, most: 500 };

/** Who is signed in, the operators, their sessions, and what they changed. */
export function accountRoutes(deps: AccountDeps): OperatorRoute[] {
  const { db, clock, catalog, publicUrl } = deps;
  return [
    {
      method: 'GET',
      path: '/operator/v1/me',
      role: 'viewer',
      async handle({ session, workspaceId }) {
        const workspace = catalog.workspace(workspaceId);
        if (workspace === undefined) throw new RequestError('not_found', ['the workspace is gone']);
        const operator = describeOperator(session.operator);
        const workspaces = (await listWorkspaces(db)).filter(({ id }) => mayEnter(session.operator, id));
        const here = {
          ...{ workspace: workspace.name, workspace_id: workspaceId, workspaces: workspaces.map(describeEntry) },
          may_manage_operators: isWholeAdmin(session.operator),
        };
        return { status: 200, body: { operator, ...here, version, public_url: publicUrl, message: 'success' } };
      },
    },
    {
      method: 'GET',
      path: '/operator/v1/sessions',
      role: 'viewer',
      async handle({ session }) {
        const { operator } = session;
        const sessions = await listSessions(db, isWholeAdmin(operator) ? null : operator.id, clock.now());
        const listed = sessions.map((one) => describeSession(one, session.id));
        return { status: 200, body: { sessions: listed, message: 'success' } };
      },
    },
    {
      method: 'DELETE',
      path: '/operator/v1/sessions/:session_id',
      role: 'viewer',
      async handle({ session, actor, params }) {
        const own = { ...actor, operatorId: session.operator.id };
        const ofAll = isWholeAdmin(session.operator);
        await endSession(db, own, { id: params.session_id ?? '', ofAll }, clock.now());
        return done;
      },
    },
    ...operatorRoutes(deps),
    {
      method: 'GET',
      path: '/operator/v1/audit',
      role: 'admin',
      query: ['limit', 'cursor'],
      async handle({ workspaceId, query }) {
        const most = readLimit(query, PAGE);
        const before = readCursor(query, isPlace)?.before ?? null;
        const changes = await listChanges(db, workspaceId, { before, most: most + 1 });
        const page = changes.slice(0, most);
        const last = changes.length > most ? page.at(-1) : undefined;
        const next = nextCursor(last === undefined ? null : { before: last.id });
        return { status: 200, body: { changes: page.map(describeChange), ...next, message: 'success' } };
      },
    },
  ];
}

function operatorRoutes({ db, clock }: AccountDeps): OperatorRoute[] {
  return [
    {
      method: 'GET',
      path: '/operator/v1/operators',
      role: 'admin',
      async handle({ session }) {
        refuseRestricted(session);
        const operators = (await listOperators(db)).map(describeListed);
        return { status: 200, body: { operators, message: 'success' } };
      },
    },
    {
      method: 'POST',
      path: '/operator/v1/operators',
      role: 'admin',
      async handle({ actor, body, session }) {
        refuseRestricted(session);
        const reader = new BodyReader(body, ['name', 'role', 'password', 'workspaces']);
        const name = readName(reader);
        const workspaces = readWorkspaces(reader, body.workspaces) ?? null;
        const role = reader.oneOf('role', operatorRoles);
        const made = { name, role, password: reader.text('password', password), workspaces };
        reader.end();
        const operator = await createOperator(db, actor, made, clock.now());
        return { status: 201, body: { operator: describeOperator(operator), message: 'success' } };
      },
    },
    {
      method: 'PATCH',
      path: '/operator/v1/operators/:name',
      role: 'admin',
      async handle(request) {
        const { actor, body, params, session } = request;
        refuseRestricted(session);
        const reader = new BodyReader(body, ['role', 'password', 'workspaces', 'email']);
        const role = reader.has('role') ? reader.oneOf('role', operatorRoles) : undefined;
        const changed = reader.optionalText('password', password);
        const workspaces = readWorkspaces(reader, body.workspaces);
        const email = readEmail(reader, body.email);
        reader.end();
        const change = {
          ...(role && { role }),
          ...(changed !== undefined && { password: changed }),
          ...(workspaces !== undefined && { workspaces }),
          ...(email !== undefined && { email }),
        };
        const keep = session.operator.name === params.name ? session.id : null;
        await changeOperator(db, actor, { name: params.name ?? '', ...change, keep }, clock.now());
        return done;
      },
    },
    {
      method: 'DELETE',
      path: '/operator/v1/operators/:name',
      role: 'admin',
      async handle({ actor, params, session }: OperatorRequest) {
        refuseRestricted(session);
        await deleteOperator(db, actor, params.name ?? '', clock.now());
        return done;
      },
    },
    {
      method: 'POST',
      path: '/operator/v1/me/password',
      role: 'viewer',
      async handle({ actor, body, session }) {
        const reader = new BodyReader(body, ['password']);
        const changed = reader.text('password', password);
        reader.end();
        const { name } = session.operator;
        await changeOperator(db, actor, { name, password: changed, keep: session.id }, clock.now());
        return done;
      },
    },
  ];
}

function mayEnter({ workspaces }: Operator, id: number): boolean {
  return workspaces === null || workspaces.includes(id);
}

/** Operators are of the whole server. Somebody who may enter only some workspaces could make one who may enter all. */
function refuseRestricted({ operator }: Session): void {
  if (isWholeAdmin(operator)) return;
  throw new RequestError('role_required', ['role: this needs an admin who may enter every workspace']);
}

const MOST_WORKSPACES = 1_000;

/** The ids of the workspaces that an operator may enter. null: all. undefined: not given. */
function readWorkspaces(reader: BodyReader, given: unknown): number[] | null | undefined {
  if (given === undefined || given === null) return given;
  const isId = (id: unknown) => Number.isInteger(id) && Number(id) > 0 && Number(id) < 2 ** 31;
  if (Array.isArray(given) && given.length > 0 && given.length <= MOST_WORKSPACES && given.every(isId))
    return [...new Set(given as number[])];
  reader.refuse('workspaces', `expected 1 to ${MOST_WORKSPACES} ids of workspaces, or null for all`);
  return undefined;
}

function isPlace(value: unknown): value is { before: number } {
  return isObject(value) && Number.isSafeInteger(value.before);
}

/** undefined: the link stays. null: it is removed. */
function readEmail(reader: BodyReader, given: unknown): string | null | undefined {
  if (given === undefined || given === null) return given;
  const email = reader.text('email', { most: 100 }).toLowerCase();
  if (!/^[^@]+@[^@]+$/.test(email) || !OPERATOR_NAME.test(email)) reader.refuse('email', 'expected an email address');
  return email;
}

function readName(reader: BodyReader): string {
  const name = reader.text('name', { most: 100 }).toLowerCase();
  if (name !== '' && !OPERATOR_NAME.test(name)) reader.refuse('name', 'expected letters, digits and . _ @ + -');
  return name;
}
