import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from '../../../operators/passwords.ts';
import { operatorRoles } from '../../../operators/roles.ts';
import type { Operations } from '../../openapi/operation.ts';
import {
  answered,
  anything,
  flag,
  given,
  integer,
  list,
  oneOf,
  orNull,
  required,
  text,
  time,
} from '../../openapi/schema.ts';
import { cursor, limitOf, nextCursor, success } from '../../openapi/shared.ts';

const role = oneOf(operatorRoles, 'What the operator may do: read; also send and stop sends; also define.');
const operator = answered({ name: text(), role });
const password = { ...text('A password.', { maxLength: LONGEST_PASSWORD }), minLength: SHORTEST_PASSWORD };
const name = text('Name of the operator, in lower case.');
const linked = text('Email address of whom the operator is, or will be, at the identity provider.');
const workspaces = orNull(
  list(
    integer(),
    'Ids of the only workspaces that the operator may enter, so that the role holds nowhere else. null: all.',
  ),
);
const tag = 'Console';

export const operations: Operations = {
  'POST /operator/v1/sign-in': {
    summary: 'Sign in',
    description: 'The answer sets the cookie `cresset_session`, which every other operator call wants.',
    tag,
    body: given({ name: required(text('Name of the operator.')), password: required(text('The password.')) }),
    answer: { status: 200, schema: success({ operator }) },
    errors: ['wrong_password', 'too_many_attempts'],
    example: { body: { name: 'admin', password: 'the password of admin' } },
  },
  'GET /operator/v1/sign-in': {
    summary: 'Read how one may sign in',
    tag,
    answer: {
      status: 200,
      schema: success({
        openid: {
          ...orNull(answered({ label: text('Text of the button.'), url: text('Where a browser signs in.') })),
          description: 'Sign-in by OpenID Connect. null: there is none.',
        },
      }),
    },
    example: {},
  },
  'POST /operator/v1/sign-out': {
    summary: 'End the session',
    tag,
    body: given({}),
    answer: { status: 200, schema: success() },
    errors: ['not_found'],
    example: { body: {} },
  },
  'GET /operator/v1/me': {
    summary: 'Read who is signed in',
    description:
      'Every call of the console may have `/in/` and the id of a workspace before its path, such as `/in/3/operator/v1/me`: then it is about that workspace. Without, it is about the first one that the operator may enter.',
    tag,
    answer: {
      status: 200,
      schema: success({
        operator,
        workspace: text('Name of the workspace.'),
        workspace_id: integer('Id of the workspace.'),
        workspaces: list(
          answered({ workspace_id: integer(), name: text() }),
          'The workspaces that the operator may enter.',
        ),
        may_manage_operators: flag('Whether it is an admin who may enter every workspace.'),
        version: text(),
        public_url: text(),
      }),
    },
    errors: ['not_found'],
    example: {},
  },
  'POST /operator/v1/me/password': {
    summary: 'Change the own password',
    description: 'It ends the other sessions of the operator.',
    tag,
    body: given({ password: required(password) }),
    answer: { status: 200, schema: success() },
    errors: ['not_found'],
    example: { body: { password: 'a new and long password' } },
  },
  'GET /operator/v1/sessions': {
    summary: 'List the own sessions, or as an admin those of all operators',
    tag,
    answer: {
      status: 200,
      schema: success({
        sessions: list(
          answered({
            session_id: text(),
            operator: text(),
            began_at: time(),
            seen_at: time('When its last request came, to the minute.'),
            address: text(),
            user_agent: text(),
            is_own: flag('Whether it is the session of this call.'),
          }),
        ),
      }),
    },
    example: {},
  },
  'DELETE /operator/v1/sessions/:session_id': {
    summary: 'End a session',
    tag,
    params: { session_id: text('`session_id` of the list.') },
    answer: { status: 200, schema: success() },
    errors: ['not_found'],
    example: { params: { session_id: 'of-another-session' } },
  },
  'GET /operator/v1/operators': {
    summary: 'List the operators',
    tag,
    answer: {
      status: 200,
      schema: success({
        operators: list(
          answered({
            name: text(),
            role,
            workspaces: orNull(list(integer(), 'Ids of the only workspaces that the operator may enter. null: all.')),
            created_at: time(),
            created_by: text(),
            email: orNull(linked),
            last_seen_at: orNull(time()),
          }),
        ),
      }),
    },
    example: {},
  },
  'POST /operator/v1/operators': {
    summary: 'Make an operator',
    tag,
    body: given({ name: required(name), role: required(role), password: required(password), workspaces }),
    answer: { status: 201, schema: success({ operator }) },
    example: { body: { name: 'dana@example.com', role: 'sender', password: 'long enough for dana' } },
  },
  'PATCH /operator/v1/operators/:name': {
    summary: 'Change the role, the password, the workspaces or the link of an operator',
    description:
      'It ends the sessions of the operator, but for that of the call. `email`: whoever signs in first by OpenID Connect with this verified address is the operator from then on; null removes the link.',
    tag,
    params: { name },
    body: given({ role, password, workspaces, email: orNull(text('An email address.', { maxLength: 100 })) }),
    answer: { status: 200, schema: success() },
    errors: ['not_found'],
    example: { params: { name: 'grace' }, body: { role: 'viewer' } },
  },
  'DELETE /operator/v1/operators/:name': {
    summary: 'Delete an operator, and end all sessions of the operator',
    tag,
    params: { name },
    answer: { status: 200, schema: success() },
    errors: ['not_found'],
    example: { params: { name: 'grace' } },
  },
  'GET /operator/v1/audit': {
    summary: 'List what operators changed, the newest first',
    tag,
    query: { limit: limitOf(500, 100), cursor },
    answer: {
      status: 200,
      schema: success({
        changes: list(
          answered({
            id: integer(),
            at: time(),
            operator: text('Name of the operator at that time.'),
            action: text('What was done, such as `operator.create`.'),
            subject: text('What was changed: an id or a name.'),
            before: anything('What was there. null: nothing, or it may not be shown.'),
            after: anything('What is there now. null: nothing.'),
            address: text('Where the call came from.'),
          }),
        ),
        next_cursor: nextCursor,
      }),
    },
    example: { query: { limit: '10' } },
  },
};
