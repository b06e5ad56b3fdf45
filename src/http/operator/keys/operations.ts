import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations } from '../../openapi/operation.ts';
import { answered, given, list, orNull, required, text, time } from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';

const tag = 'Console';
const id = text('Id of the key. It is not the key.');
const name = text('What the key is for; unique.', { maxLength: 255 });
const permissions = list(text('Such as `messages.send`.'), 'What it may do.');
const allowFrom = list(text(), 'Addresses and CIDR subnets that may use it. Empty: any.', 1_000);

export const operations: Operations = {
  'GET /operator/v1/keys': {
    summary: 'List the API keys, of each only its first characters',
    tag,
    answer: {
      status: 200,
      schema: success({
        keys: list(
          answered({
            ...{ key_id: id, name, hint: text('Its first four characters.'), permissions, allow_from: allowFrom },
            created_by: text('A command, a workspace file, or an operator.'),
            created_at: time(),
            last_used_at: orNull(time('It may be a minute behind. null: never.')),
            is_of_file: {
              type: 'boolean',
              description: 'Whether it returns with the next apply of its workspace file.',
            },
          }),
        ),
        known_permissions: list(
          answered({ name: text(), opens: text('The endpoints that it opens.') }),
          'Every permission that a key may have.',
        ),
      }),
    },
    errors: [],
    example: {},
  },
  'POST /operator/v1/keys': {
    summary: 'Make an API key',
    description: 'The answer is the only time that the key is shown.',
    tag,
    body: given({ name: required(name), permissions: required(permissions), allow_from: allowFrom }),
    answer: { status: 201, schema: success({ key_id: id, key: text('The key itself.') }) },
    example: { body: { name: 'shop-backend', permissions: ['messages.send', 'users.track'] } },
  },
  'DELETE /operator/v1/keys/:key_id': {
    summary: 'Delete an API key',
    description: 'All servers refuse it at once. A key of a workspace file returns with its next apply.',
    tag,
    params: { key_id: id },
    answer: { status: 200, schema: success() },
    errors: ['not_found'],
    example: { params: { key_id: exampleIds.key } },
  },
};
