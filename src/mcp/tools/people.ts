import * as z from 'zod';
import { ToolError } from '../refusal.ts';
import { type Call, defineTool, reading } from '../tool.ts';
import { address, cursor, limitOf, list, nextCursor, person, record, verdicts } from './arguments.ts';

export const listUserMessages = defineTool({
  name: 'list_user_messages',
  title: 'What a person was sent or refused',
  description:
    'Lists everything that one person was sent or refused, the newest first: answers "why did ada not get yesterday’s mail?" by status, reason and detail. Name the person by one of external_id, braze_id, alias, email, phone. People whom a broadcast did not mean have no entry: ask explain_audience. Permission: dispatches.read.',
  input: z.strictObject({ ...person, ...address, ...verdicts, limit: limitOf(100, 20), cursor }),
  output: {
    people: list('Everybody who has the address, if an address was asked.'),
    messages: list('One verdict for each dispatch and channel.'),
    next_cursor: nextCursor,
  },
  annotations: reading,
  run: (query, { api, signal }) => api.call('GET /users/messages', { query }, { signal }),
});

const named = z.strictObject({
  ...person,
  ...address,
  fields: z
    .array(z.string())
    .optional()
    .describe(
      'Only these members, such as external_id, email_subscribe, custom_attributes. Ask for no more than needed.',
    ),
  consent_changes: z
    .boolean()
    .default(false)
    .describe('Whether the last 20 changes of subscription states are listed, with who made each; not by address.'),
});

export const getUser = defineTool({
  name: 'get_user',
  title: 'Read a person',
  description:
    'Reads what is stored of a person: addresses, subscription states, attributes, devices. It is personal data: ask only for the fields you need. Name the person by one of external_id, braze_id, alias, email, phone. Permission: users.export.ids; for consent_changes also consent.read.',
  input: named,
  output: {
    users: list('The people.'),
    invalid_user_ids: z.array(z.string()).describe('Names that nobody has.'),
    consent: record('The last changes of consent.'),
  },
  annotations: reading,
  more: 'To see more, name the members that you need in fields.',
  async run({ fields, consent_changes, ...names }, call) {
    const body = { ...exportedBy(names), ...(fields && { fields_to_export: fields }) };
    const people = await call.api.call('POST /users/export/ids', { body }, { signal: call.signal });
    return consent_changes ? { ...people, consent: await consentOf(names, call) } : people;
  },
});

type Names = Omit<z.infer<typeof named>, 'fields' | 'consent_changes'>;

function exportedBy({ external_id, braze_id, alias_label, alias_name, email, phone }: Names): object {
  const hasAlias = alias_label !== undefined || alias_name !== undefined;
  const ways = {
    ...(external_id !== undefined && { external_ids: [external_id] }),
    ...(hasAlias && { user_aliases: [{ alias_label, alias_name }] }),
    ...(braze_id !== undefined && { braze_id }),
    ...(email !== undefined && { email_address: email }),
    ...(phone !== undefined && { phone }),
  };
  if (Object.keys(ways).length === 1) return ways;
  throw new ToolError(
    'Name the person by exactly one of external_id, braze_id, alias_label with alias_name, email, phone.',
  );
}

async function consentOf({ email, phone, ...names }: Names, { api, signal }: Call): Promise<object> {
  if (email !== undefined || phone !== undefined)
    throw new ToolError('consent_changes needs a person: several may have an address. Ask for the address first.');
  return api.call('GET /users/consent', { query: { ...names, limit: 20 } }, { signal });
}
