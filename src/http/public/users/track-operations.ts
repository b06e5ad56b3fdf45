import { maxTokens } from '../../../people/track/attributes.ts';
import { mostObjects, trackArrays } from '../../../people/track/request.ts';
import { globalStates } from '../../../templating/facts.ts';
import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operation, Operations } from '../../openapi/operation.ts';
import {
  answered,
  anything,
  flag,
  given,
  integer,
  like,
  list,
  type Members,
  map,
  number,
  oneOf,
  optional,
  required,
  type Schema,
  text,
  time,
  tolerant,
} from '../../openapi/schema.ts';
import { success, warnings } from '../../openapi/shared.ts';
import { consentOptions } from '../consent-schemas.ts';
import { groupStates } from '../subscription/request.ts';
import { aliasGiven } from './person-schemas.ts';
import { bulkLimits, syncLimits } from './track-request.ts';

const identifiers: Members = {
  external_id: text('The person with this external id, who is made if there is none.'),
  user_alias: aliasGiven,
  braze_id: text('The person with this id of the server.'),
  email: like('ada@example.com', text('The email address; without another name, it names the person.')),
  phone: like('+4366412345678', text('The phone number; without another name, it names the person.')),
  _update_existing_only: flag('Whether nobody is made. Default: false, but true with an alias.'),
};

/** The members of an object of `attributes` that are no custom attributes. */
const attributesMembers: Members = {
  ...identifiers,
  _merge_objects: flag('Whether a custom attribute that is an object is merged into the stored one.'),
  push_token_import: flag('Whether the tokens make a new anonymous person.'),
  first_name: text(),
  last_name: text(),
  home_city: text(),
  email_subscribe: oneOf(globalStates, 'The subscription state of email.'),
  push_subscribe: oneOf(globalStates, 'The subscription state of push.'),
  country: like('AT', text('A code of ISO 3166-1, or the English name.')),
  language: like('de', text('A code of ISO 639-1.')),
  gender: oneOf(['M', 'F', 'O', 'N', 'P']),
  dob: like('1990-12-31', text('The date of birth.', { format: 'date' })),
  time_zone: like('Europe/Vienna', text('The name of a time zone.')),
  current_location: given({
    longitude: required(number(undefined, { min: -180, max: 180 })),
    latitude: required(number(undefined, { min: -90, max: 90 })),
  }),
  date_of_first_session: time(),
  date_of_last_session: time(),
  marked_email_as_spam_at: time('Marks the address as reported for spam.'),
  email_open_tracking_disabled: flag('Stored, and not used.'),
  email_click_tracking_disabled: flag('Stored, and not used.'),
  image_url: anything('Stored, and not used.'),
  facebook: anything('Stored, and not used.'),
  twitter: anything('Stored, and not used.'),
  push_tokens: list(
    given({
      app_id: required(like(exampleIds.app, text('Id of an app of this workspace.'))),
      token: required(like('740f4707bebcf74f9b7c25d48e3358945f6aa01da5ddb387462c7eaf61bb78ad', text('The token.'))),
      device_id: like('device-0001', text('Id of the device, of 8 to 255 bytes.')),
    }),
    'Tokens to add. `null` removes all tokens of the person.',
    maxTokens,
  ),
  subscription_groups: list(
    given({
      subscription_group_id: required(like(exampleIds.emailGroup, text('Id of the group.'))),
      subscription_state: required(oneOf(groupStates)),
      use_double_opt_in_logic: tolerant(
        'counts as false',
        flag('Asks that the person confirms first, which is not done.'),
      ),
    }),
    'States in subscription groups.',
  ),
};

const attributes: Schema = {
  ...given(attributesMembers, 'A person, and what to store. Members that are not listed are custom attributes.'),
  additionalProperties: true,
};
const activity: Members = {
  ...identifiers,
  time: required(time('When it happened. A time to come counts as now.')),
  app_id: text('The app in which it happened.'),
  properties: map(null, 'What else is known of it.'),
};
const event = given({ ...activity, name: required(text('The name of the event.')) });
const purchase = given({
  ...activity,
  product_id: required(text('Id of the product.')),
  currency: required(like('EUR', text('A code of ISO 4217.'))),
  price: required(number('The price of one piece.')),
  quantity: integer('Pieces. Default: 1.', { min: 1, max: 100 }),
});

const bodyOf = (most: number): Schema =>
  given(
    {
      attributes: list(attributes, 'What to store of people.', most),
      events: list(event, 'Custom events.', most),
      purchases: list(purchase, 'Purchases.', most),
      cresset: consentOptions,
    },
    'At least one of the lists is needed.',
  );

const problems = optional(
  list(
    answered({
      type: text('A sentence, or the original’s code.'),
      input_array: optional(oneOf(trackArrays)),
      index: optional(integer()),
      detail: optional(text('What exactly is wrong, beside a code.')),
    }),
    'Objects, or parts of them, that were left out.',
  ),
);

const counts: Members = Object.fromEntries(
  trackArrays.map((array) => [`${array}_processed`, optional(integer('Objects that were stored.'))]),
);
const tracked = success({ ...counts, errors: problems, cresset: warnings });

const shared = { tag: 'Users', errors: ['max_input_length', 'no_valid_data'], errorForm: 'objects' } as const;
const body = {
  attributes: [{ external_id: 'ada', first_name: 'Ada', plan: 'gold' }],
  events: [{ external_id: 'ada', name: 'opened_box', time: '2026-03-15T12:00:00Z' }],
  purchases: [{ external_id: 'ada', product_id: 'box', currency: 'EUR', price: 9.5, time: '2026-03-15T12:00:00Z' }],
};
const total = list(
  answered({ name: optional(text()), product_id: optional(text()), first: time(), last: time(), count: integer() }),
);

export const trackOperations: Operations = {
  'POST /users/track': {
    ...shared,
    summary: 'Store attributes, events and purchases',
    description: `At most ${mostObjects} objects in one list. An object that is wrong is left out, and \`errors\` says why.`,
    body: bodyOf(mostObjects),
    answer: { status: 201, schema: tracked },
    example: { body },
  },
  'POST /users/track/bulk': {
    ...shared,
    summary: 'Store much at once',
    description: `At most ${bulkLimits.most} objects in all lists together, 100 of one person, and 2 MiB.`,
    body: bodyOf(bulkLimits.most),
    answer: { status: 201, schema: tracked },
    example: { body },
  },
  'POST /users/track/sync': {
    ...shared,
    summary: 'Store one object, and read back what is stored',
    description: 'One object in all lists together. The object may also be written without the brackets of the list.',
    body: bodyOf(syncLimits.most),
    answer: {
      status: 201,
      schema: success({
        users: list(
          answered({
            external_id: optional(anything('As in the request.')),
            user_alias: optional(anything('As in the request.')),
            braze_id: optional(anything('As in the request.')),
            email: optional(anything('As in the request.')),
            phone: optional(anything('As in the request.')),
            custom_attributes: optional(
              map(null, 'The custom attributes that the request names, as they are stored now.'),
            ),
            custom_events: optional(total),
            purchase_events: optional(total),
          }),
        ),
        errors: problems,
        cresset: warnings,
      }),
    },
    example: { body: { attributes: [{ external_id: 'ada', plan: 'gold' }] } },
    moreBodies: { event: { events: body.events }, purchase: { purchases: body.purchases } },
  },
} satisfies Record<string, Operation>;
