import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations } from '../../openapi/operation.ts';
import {
  answered,
  flag,
  given,
  integer,
  list,
  map,
  oneOf,
  orNull,
  required,
  text,
  time,
} from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';
import { changeMembers as change } from '../definitions/planned.ts';
import { checkable } from './test-account.ts';

const tag = 'Console';

const quietWindow = answered({ from: text(), until: text(), action: text(), channels: list(text()) });
const digest = text('SHA-256 of the text of the file, in hex.');

export const operations: Operations = {
  'GET /operator/v1/settings': {
    summary: 'Read what is defined',
    description:
      'Secrets are never in it: in the place of one stands an object with `secret: true` and a `digest` that only this server can compute. Equal digests are equal secrets.',
    tag,
    answer: {
      status: 200,
      schema: success({
        definitions: map(null, 'In the form of the workspace file, without segments and campaigns.'),
        campaign_quiet_hours: list(
          answered({ campaign_id: text(), name: text(), windows: list(quietWindow) }),
          'Campaigns with quiet hours of their own.',
        ),
        blocked_attributes: list(text(), 'Custom attributes that are not stored, shown or matched.'),
      }),
    },
    errors: ['unavailable'],
    example: {},
  },
  'POST /operator/v1/settings/test': {
    summary: 'Try the account of an app, a subscription group or a mail relay',
    description:
      'A call to the provider that reaches nobody, changes nothing and costs nothing: it signs in, or asks about a device that cannot exist.',
    tag,
    body: given({
      kind: required(oneOf(checkable, 'What has the account.')),
      id: required(text('Id of the app or group, or name of the relay.')),
    }),
    answer: {
      status: 200,
      schema: success({
        is_good: flag('Whether the provider accepts the account.'),
        said: orNull(text('The words of the provider or the network, without secrets. null: there is nothing to say.')),
        took_ms: integer('Time of the call, in milliseconds.'),
      }),
    },
    errors: ['not_found', 'unavailable'],
    example: { body: { kind: 'app', id: exampleIds.webApp } },
  },
  'GET /operator/v1/workspace-file': {
    summary: 'Export what is applied as a workspace file',
    description:
      'Once its variables are set, an apply of it changes nothing. `cresset workspace export` prints the same.',
    tag,
    answer: {
      status: 200,
      schema: success({
        yaml: text('The file.'),
        variables: list(
          answered({
            name: text('`${env:NAME}` stands in the file.'),
            path: text('Where it stands, such as `apps[0].apns.key`.'),
            value: orNull(text('A text that could not stand in a file. null: it is a secret.')),
          }),
        ),
      }),
    },
    errors: ['unavailable'],
    example: {},
  },
  'GET /operator/v1/workspace-file/state': {
    summary: 'Read which workspace files were applied, and what the file of this server would change',
    tag,
    answer: {
      status: 200,
      schema: success({
        applied: list(
          answered({
            ...{ at: time(), again_at: time('When the same file was last applied and changed nothing.') },
            ...{
              by: text('Who applied it.'),
              file: text('Its name, without its folder; `the console`, or a command.'),
              digest,
            },
            changes: list(answered(change), 'What it created and changed.'),
          }),
          'The newest first, at most 100.',
        ),
        server_file: orNull(
          answered(
            {
              ...{ file: text(), digest: orNull(digest), changes: list(answered(change)) },
              warnings: list(text()),
              problems: list(text(), 'Why it cannot be used. Empty: it can.'),
            },
            'The file that this server applies at its start, and what it would change. null: none, or it is being compared for the first time.',
          ),
        ),
        is_comparing: flag('Whether the file of a large workspace is being compared. Ask again in a moment.'),
      }),
    },
    errors: [],
    example: {},
  },
};
