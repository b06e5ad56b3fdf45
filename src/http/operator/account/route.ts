import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { version } from '../../../lib/project/version.ts';
import { isObject } from '../../../lib/raw/json.ts';
import { listChanges } from '../../../operators/audit.ts';
import { OPERATOR_NAME } from '../../../operators/openid/person.ts';
import { changeOperator, createOperator, deleteOperator, listOperators } from '../../../operators/operators.ts';
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from '../../../operators/passwords.ts';
import { mayAct, operatorRoles } from '../../../operators/roles.ts';
import { endSession, listSessions } from '../../../operators/sessions.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { nextCursor, readCursor, readLimit } from '../../query.ts';
import type { Answer } from '../../route.ts';
import { BodyReader } from '../body-reader.ts';
import type { OperatorRequest, OperatorRoute } from '../route.ts';
import { describeChange, describeListed, describeOperator, describeSession } from './describe.ts';

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
        const body = { operator, workspace: workspace.name, version, public_url: publicUrl, message: 'success' };
        return { status: 200, body };
      },
    },
    {
      method: 'GET',
      path: '/operator/v1/sessions',
      role: 'viewer',
      async handle({ session, workspaceId }) {
        const { id, role } = session.operator;
        const sessions = await listSessions(db, workspaceId, mayAct(role, 'admin') ? null : id, clock.now());
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
        const ofAll = mayAct(session.operator.role, 'admin');
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
      async handle({ workspaceId }) {
        const operators = (await listOperators(db, workspaceId)).map(describeListed);
        return { status: 200, body: { operators, message: 'success' } };
      },
    },
    {
      method: 'POST',
      path: '/operator/v1/operators',
      role: 'admin',
      async handle({ actor, body }) {
        const reader = new BodyReader(body, ['name', 'role', 'password']);
        const name = readName(reader);
        const made = { name, role: reader.oneOf('role', operatorRoles), password: reader.text('password', password) };
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
        const reader = new BodyReader(body, ['role', 'password', 'email']);
        const role = reader.has('role') ? reader.oneOf('role', operatorRoles) : undefined;
        const changed = reader.optionalText('password', password);
        const email = readEmail(reader, body.email);
        reader.end();
        const change = {
          ...(role && { role }),
          ...(changed !== undefined && { password: changed }),
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
      async handle({ actor, params }: OperatorRequest) {
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
