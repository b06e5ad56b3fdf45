import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operations, Parameter } from '../../openapi/operation.ts';
import {
  answered,
  flag,
  given,
  integer,
  list,
  type Members,
  map,
  oneOf,
  orNull,
  required,
  text,
  tolerant,
} from '../../openapi/schema.ts';
import { limitOf, repeated, requiredText, success } from '../../openapi/shared.ts';
import { MOST_ADDRESSES } from '../address-lists.ts';
import { textOrTexts } from '../address-schemas.ts';
import { consentOptions } from '../consent-schemas.ts';
import { pauseMembers } from '../pause-schemas.ts';
import { groupStates, MOST_ELEMENTS } from './request.ts';

const groupId = text('Id of the subscription group.');
const order: Members = {
  subscription_group_id: required(groupId),
  subscription_state: required(oneOf(groupStates, 'The new state.')),
  use_double_opt_in_logic: tolerant(
    'counts as false',
    flag('Asks that the person confirms first, which this server does not do. It is noted in the activity log.'),
  ),
};
const people = textOrTexts('External ids.');
const emails = textOrTexts('Email addresses, of a group for email.');
const phones = textOrTexts('Phone numbers, of a group for SMS or WhatsApp.');

const peopleQuery: Readonly<Record<string, Parameter>> = {
  'external_id[]': repeated(`External ids, at most ${MOST_ADDRESSES}.`),
  'email[]': repeated(`Email addresses, at most ${MOST_ADDRESSES}.`),
  'phone[]': repeated(`Phone numbers, at most ${MOST_ADDRESSES}.`),
};

export const operations: Operations = {
  'POST /subscription/status/set': {
    summary: 'Set the state of people in a subscription group',
    description:
      'At least one of `external_id`, `email` and `phone` is needed. The addresses are those of the group’s channel.',
    tag: 'Consent',
    body: given({ ...order, external_id: people, email: emails, phone: phones, cresset: consentOptions }),
    answer: { status: 201, schema: success() },
    errors: ['invalid_subscription_group', 'email_and_phone', 'too_many_ids'],
    example: {
      body: { subscription_group_id: exampleIds.smsGroup, subscription_state: 'subscribed', phone: ['+4366412345678'] },
    },
  },
  'POST /v2/subscription/status/set': {
    summary: 'Set the state of people in several subscription groups',
    description:
      'Nothing is changed if one element is wrong. `external_id`, `email` and `phone` are other spellings of the plural.',
    tag: 'Consent',
    body: given({
      subscription_groups: required(
        list(
          given({
            ...{ ...order, external_ids: people, external_id: people, emails, email: emails },
            ...{
              phones: textOrTexts('Phone numbers in E.164, with `+`.'),
              phone: textOrTexts('Phone numbers in E.164.'),
            },
          }),
          'What to set.',
          MOST_ELEMENTS,
        ),
      ),
      cresset: consentOptions,
    }),
    answer: { status: 201, schema: success() },
    errors: ['invalid_subscription_group', 'email_and_phone', 'too_many_ids'],
    example: {
      body: {
        subscription_groups: [
          { subscription_group_id: exampleIds.emailGroup, subscription_state: 'unsubscribed', external_ids: ['ada'] },
        ],
      },
    },
  },
  'GET /subscription/status/get': {
    summary: 'Read the state of people in a subscription group',
    tag: 'Consent',
    query: { subscription_group_id: requiredText('Id of the subscription group.'), ...peopleQuery },
    answer: {
      status: 200,
      schema: success({
        status: map(
          oneOf(['Subscribed', 'Unsubscribed', 'Unknown']),
          'By external id or address, as it was asked for.',
        ),
      }),
    },
    errors: ['invalid_subscription_group', 'email_and_phone', 'too_many_ids'],
    example: { query: { subscription_group_id: exampleIds.emailGroup, 'external_id[]': 'ada' } },
  },
  'GET /subscription/accounts': {
    summary: 'List the subscription groups and how each fares with its provider',
    tag: 'Operation',
    answer: {
      status: 200,
      schema: success({
        accounts: list(
          answered({
            ...{ subscription_group_id: groupId, name: text(), channel: text(), archived: flag() },
            provider: orNull(text('null: messages go to the sandbox.')),
            ...pauseMembers(['open', 'paused', 'sandbox']),
          }),
        ),
      }),
    },
    example: {},
  },
  'GET /subscription/user/status': {
    summary: 'Read the subscription groups of people',
    tag: 'Consent',
    query: {
      ...peopleQuery,
      limit: limitOf(100, 100),
      offset: { schema: integer('People to leave out.', { min: 0 }) },
    },
    answer: {
      status: 200,
      schema: success({
        users: list(
          answered({
            email: orNull(text()),
            phone: orNull(text()),
            external_id: orNull(text()),
            subscription_groups: list(
              answered({ id: text(), name: text(), channel: text(), status: oneOf(['Subscribed', 'Unsubscribed']) }),
            ),
          }),
        ),
        total_count: integer('People who are named.'),
      }),
    },
    errors: ['too_many_ids'],
    example: { query: { 'external_id[]': 'ada' } },
  },
};
