import { exportFields } from '../../../people/export/export.ts';
import type { Operation, Operations } from '../../openapi/operation.ts';
import {
  answered,
  anything,
  either,
  given,
  integer,
  like,
  list,
  map,
  optional,
  required,
  type Schema,
  text,
  tolerant,
} from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';
import { textOrTexts } from '../address-schemas.ts';
import { consentChanges } from '../consent-schemas.ts';
import { maxObjects } from './identity-request.ts';
import { aliasGiven, prioritization } from './person-schemas.ts';
import { maxIds } from './request.ts';
import { trackOperations } from './track-operations.ts';

const externalId = text('The external id.');
const email = like('ada@example.com', text('The email address.'));
const phone = like('+4366412345678', text('The phone number.'));

/** An address in a list: a text, or an object that also chooses among the people who share it. */
const addressGiven = (kind: 'email' | 'phone', schema: Schema) =>
  list(either('An address.', schema, given({ [kind]: required(schema), prioritization })), 'Addresses.', maxIds);

const identified = (members: Record<string, Schema>) =>
  list(
    given(Object.fromEntries(Object.entries(members).map(([name, one]) => [name, required(one)]))),
    undefined,
    maxObjects,
  );

const mergeIdentifier = given(
  { external_id: externalId, user_alias: aliasGiven, email, phone, prioritization },
  'A person, by `external_id`, `user_alias`, `email` or `phone`, the first of them that is given.',
);

const leftOut = 'the element is left out';
const indexed = list(
  { type: 'array', items: anything(), description: 'The index of the element, and what is wrong with it.' },
  'What was left out.',
);

const common = { tag: 'Users', errors: ['too_many_ids'] } as const;

const exportedTotal = list(map(), 'Of the last 90 days.');
/** The members of an exported person, all of which may be missing. */
const exportedPerson = answered(
  Object.fromEntries([...exportFields, 'push_opted_in_at'].map((name) => [name, optional(typeOfField(name))])),
  'A person. Members that are null or empty are missing.',
);

function typeOfField(name: string): Schema {
  if (['custom_events', 'purchases'].includes(name)) return exportedTotal;
  if (name === 'consent_changes') return consentChanges;
  if (['push_tokens', 'campaigns_received', 'user_aliases'].includes(name)) return list(map());
  if (name === 'custom_attributes') return map();
  if (name === 'last_coordinates') return list({ type: 'number' }, 'Longitude and latitude.');
  if (name === 'random_bucket') return integer();
  return name === 'total_revenue' ? { type: 'number' } : text();
}

export const operations: Operations = {
  ...trackOperations,
  'POST /users/alias/new': {
    ...common,
    summary: 'Give people aliases',
    description: 'An element that is wrong is left out.',
    body: given({
      user_aliases: required(
        list(
          given({
            external_id: tolerant(leftOut, externalId),
            alias_name: tolerant(leftOut, text('The name.')),
            alias_label: tolerant(leftOut, text('The label.')),
            user_alias: tolerant(
              leftOut,
              given(
                { alias_name: tolerant(leftOut, text()), alias_label: tolerant(leftOut, text()) },
                'Instead of the two members above.',
              ),
            ),
          }),
          'New aliases. Without `external_id`, a new person is made.',
          maxIds,
        ),
      ),
    }),
    answer: { status: 201, schema: success({ aliases_processed: integer('Elements of the request.') }) },
    example: { body: { user_aliases: [{ external_id: 'ada', alias_name: 'ada-1', alias_label: 'shop' }] } },
  },
  'POST /users/export/ids': {
    ...common,
    summary: 'Read what is stored of people',
    description: 'People are named by at least one member; only one of `device_id`, `email_address` and `phone`.',
    body: given({
      external_ids: textOrTexts('External ids.', maxIds),
      user_aliases: list(aliasGiven, 'Aliases.', maxIds),
      device_id: text('The people who have this device.'),
      braze_id: text('The person with this id of the server.'),
      email_address: text('The people who have this address.'),
      phone: text('The people who have this number.'),
      fields_to_export: tolerant(
        'counts as a name that is not known',
        list(text(), `Names of members. Default: all. Others than these are ignored: ${exportFields.join(', ')}.`),
      ),
    }),
    answer: {
      status: 201,
      schema: success({
        users: list(exportedPerson),
        invalid_user_ids: optional(list(text(), 'Names that nobody has.')),
      }),
    },
    example: { body: { external_ids: ['ada'], fields_to_export: ['external_id', 'email', 'custom_attributes'] } },
  },
  'POST /users/delete': {
    ...common,
    summary: 'Delete people and all that is stored of them',
    description: `At most ${maxIds} ids of all kinds together.`,
    body: given({
      external_ids: textOrTexts('External ids.', maxIds),
      user_aliases: list(aliasGiven, 'Aliases.', maxIds),
      braze_ids: textOrTexts('Ids of the server.', maxIds),
      email_addresses: addressGiven('email', email),
      phone_numbers: addressGiven('phone', phone),
    }),
    answer: { status: 201, schema: success({ deleted: integer('Ids of the request.') }) },
    example: { body: { external_ids: ['carl'] } },
  },
  'POST /users/identify': {
    ...common,
    summary: 'Give external ids to people who have none',
    description: 'At least one of the lists is needed.',
    body: given({
      aliases_to_identify: identified({ external_id: externalId, user_alias: aliasGiven }),
      emails_to_identify: identified({ external_id: externalId, email, prioritization }),
      phone_numbers_to_identify: identified({ external_id: externalId, phone, prioritization }),
    }),
    answer: { status: 201, schema: success({ aliases_processed: integer('Elements of the request.') }) },
    example: {
      body: {
        aliases_to_identify: [{ external_id: 'ada', user_alias: { alias_name: 'visitor-7', alias_label: 'shop' } }],
      },
    },
    moreBodies: {
      by_email: {
        emails_to_identify: [{ external_id: 'ada', email: 'ada@example.com', prioritization: ['unidentified'] }],
      },
      by_phone: {
        phone_numbers_to_identify: [{ external_id: 'ada', phone: '+4366412345678', prioritization: ['unidentified'] }],
      },
    },
  },
  'POST /users/merge': {
    ...common,
    summary: 'Make one person of two',
    body: given({
      merge_updates: required(
        list(
          {
            ...given({ identifier_to_merge: required(mergeIdentifier), identifier_to_keep: required(mergeIdentifier) }),
            description: 'Other members are refused.',
          },
          undefined,
          maxObjects,
        ),
      ),
    }),
    answer: { status: 202, schema: success() },
    example: {
      body: {
        merge_updates: [{ identifier_to_merge: { external_id: 'bob' }, identifier_to_keep: { external_id: 'ada' } }],
      },
    },
    moreBodies: {
      by_address: {
        merge_updates: [
          {
            identifier_to_merge: { email: 'bob@example.com', prioritization: ['most_recently_updated'] },
            identifier_to_keep: { phone: '+4366412345678', prioritization: ['most_recently_updated'] },
          },
        ],
      },
      by_alias: {
        merge_updates: [
          {
            identifier_to_merge: { user_alias: { alias_name: 'visitor-7', alias_label: 'shop' } },
            identifier_to_keep: { user_alias: { alias_name: 'visitor-8', alias_label: 'shop' } },
          },
        ],
      },
    },
  },
  'POST /users/alias/update': {
    ...common,
    summary: 'Rename aliases',
    body: given({
      alias_updates: required(
        identified({
          alias_label: text('The label.'),
          old_alias_name: text('The name now.'),
          new_alias_name: text('The new name.'),
        }),
      ),
    }),
    answer: { status: 201, schema: success({ aliases_processed: integer('Elements of the request.') }) },
    example: {
      body: { alias_updates: [{ alias_label: 'shop', old_alias_name: 'ada-1', new_alias_name: 'ada-2' }] },
    },
  },
  'POST /users/external_ids/rename': {
    ...common,
    summary: 'Rename external ids',
    body: given({
      external_id_renames: required(
        identified({ current_external_id: text('The id now.'), new_external_id: text('The new id.') }),
      ),
    }),
    answer: {
      status: 201,
      schema: success({
        rename_errors: indexed,
        external_ids: list(answered({ current_external_id: text(), new_external_id: text() }), 'What was renamed.'),
      }),
    },
    example: { body: { external_id_renames: [{ current_external_id: 'bob', new_external_id: 'robert' }] } },
  },
  'POST /users/external_ids/remove': {
    ...common,
    summary: 'Remove external ids that were renamed',
    body: given({ external_ids: required(list(text(), 'External ids.', maxObjects)) }),
    answer: { status: 201, schema: success({ removed_ids: list(text()), removal_errors: indexed }) },
    example: { body: { external_ids: ['bob'] } },
  },
} satisfies Record<string, Operation>;
