import { exampleIds } from '../../openapi/example-ids.ts';
import type { Operation, Operations } from '../../openapi/operation.ts';
import {
  answered,
  given,
  like,
  list,
  map,
  oneOf,
  orNull,
  required,
  type Schema,
  text,
  time,
} from '../../openapi/schema.ts';
import { success } from '../../openapi/shared.ts';
import { linkRels, linkTypes } from './request.ts';

const id = text('Id of the preference center.');
const params = { preference_center_id: id };
const named = { name: text(), preference_center_api_id: text() };
const times = { created_at: time(), updated_at: time() };
const states = oneOf(['active', 'draft'], 'Default: `active`. Nobody may open a draft.');

const links = list(
  given({
    rel: required(oneOf(linkRels)),
    href: required(like('https://acme.example/icon.png', text('A URL with https.'))),
    type: oneOf(linkTypes),
    sizes: text(),
    color: text(),
  }),
  'Elements `link` in the head of the page.',
  20,
);

const texts: Record<string, Schema> = {
  preference_center_title: text('Title of the page. Default: `Preference Center`.'),
  state: states,
  options: given({ 'meta-viewport-content': text(), 'links-tags': links, 'link-tags': links }),
};
const html = {
  preference_center_page_html: required(text('The page, as a template, of at most 400 KiB.')),
  confirmation_page_html: required(text('The page after the choice, as a template, of at most 400 KiB.')),
};
const exampleHtml = {
  preference_center_page_html:
    '<form method="post" action="{{preference_center_submit_url}}"><input type="hidden" name="{% form_field_name :email_global_state %}" value="unsubscribed"><button>Leave</button></form>',
  confirmation_page_html: '<p>Thank you.</p>',
};

const updating: Operation = {
  summary: 'Replace the texts of a preference center',
  description: 'The name never changes.',
  tag: 'Consent',
  params,
  body: given({ ...texts, ...html }),
  answer: { status: 200, schema: success({ preference_center_api_id: text(), ...times }) },
  errors: ['not_found'],
  example: { params: { preference_center_id: exampleIds.preferenceCenter }, body: exampleHtml },
};

export const operations: Operations = {
  'POST /preference_center/v1': {
    summary: 'Create a preference center: a page on which people choose what they get',
    tag: 'Consent',
    body: given({ name: required(text('Letters, digits, `-` and `_`.')), ...texts, ...html }),
    answer: {
      status: 201,
      schema: success({ preference_center_api_id: text(), liquid_tag: text(), created_at: time() }),
    },
    example: { body: { name: 'choices_new', ...exampleHtml } },
  },
  'PUT /preference_center/v1/:preference_center_id': updating,
  'POST /preference_center/v1/:preference_center_id': {
    ...updating,
    summary: 'Replace the texts of a preference center, by another method',
  },
  'GET /preference_center/v1/list': {
    summary: 'List preference centers',
    tag: 'Consent',
    answer: { status: 200, schema: success({ preference_centers: list(answered({ ...named, ...times })) }) },
    example: {},
  },
  'GET /preference_center/v1/:preference_center_id': {
    summary: 'Read a preference center',
    tag: 'Consent',
    params,
    answer: {
      status: 200,
      schema: success({
        ...{ ...named, ...times },
        preference_center_title: text(),
        preference_center_page_html: text(),
        confirmation_page_html: text(),
        redirect_page_html: orNull(text('Always null.')),
        preference_center_options: map(),
        state: states,
      }),
    },
    errors: ['not_found'],
    example: { params: { preference_center_id: exampleIds.preferenceCenter } },
  },
  'GET /preference_center/v1/:preference_center_id/url/:external_id': {
    summary: 'Read the address of a person’s page',
    description: 'It is good for 30 days.',
    tag: 'Consent',
    params: { ...params, external_id: text('The external id.') },
    answer: { status: 200, schema: success({ preference_center_url: text('The page.', { format: 'uri' }) }) },
    errors: ['not_found'],
    example: { params: { preference_center_id: exampleIds.preferenceCenter, external_id: 'ada' } },
  },
};
