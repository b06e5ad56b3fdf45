import type { Operation, Operations, Parameter } from '../../openapi/operation.ts';
import {
  answered,
  flag,
  given,
  integer,
  list,
  number,
  oneOf,
  orNull,
  required,
  type Schema,
  text,
} from '../../openapi/schema.ts';
import { optionalText, pageNumber, requiredText, seriesQuery, success, tagNames, words } from '../../openapi/shared.ts';
import { MOST_NAMES } from './blocklist-route.ts';

const names = (summary: string, member: string): Operation => ({
  summary,
  tag: 'Campaigns',
  query: { page: pageNumber },
  answer: { status: 200, schema: success({ [member]: list(text(), 'At most 250 names, in order.') }) },
  example: { query: { page: '0' } },
});

const linked = (summary: string, member: string, one: Schema): Operation => ({
  summary,
  description: 'The header `Link` has the pages before and after.',
  tag: 'Campaigns',
  query: { cursor: optionalText('The `cursor` in the header `Link` of another page.') },
  answer: { status: 200, schema: success({ [member]: list(one, 'At most 50.') }) },
  errors: ['invalid_cursor'],
  example: {},
});

const unit = words(['day', 'hour'], 'The step. Default: `day`.');
const app = optionalText('Only what happened in this app.');
const segment = optionalText('A segment. Its numbers are not kept, so the series is empty.');

function series(summary: string, counts: Record<string, Schema>, query: Record<string, Parameter>): Operation {
  const time = text('The day as `YYYY-MM-DD`, or the beginning of the hour.');
  return {
    summary,
    tag: 'Campaigns',
    query: { ...seriesQuery, ...query },
    answer: { status: 200, schema: success({ data: list(answered({ time, ...counts }), 'Oldest first.') }) },
    errors: ['invalid_length', 'unknown_segment_id'],
    example: { query: { length: '7', ...(query.event && { event: 'opened_box' }) } },
  };
}

const status = oneOf(['Active']);
const attributeStatus = oneOf(['Active', 'Blocklisted']);
const kpi = (word: string, member: string) => series(`Read how many ${word}`, { [member]: integer() }, { app_id: app });

export const operations: Operations = {
  'GET /events/list': names('List the names of custom events', 'events'),
  'GET /purchases/product_list': names('List the ids of products', 'products'),
  'GET /events': linked(
    'List custom events',
    'events',
    answered({
      ...{
        name: text(),
        description: orNull(text()),
        included_in_analytics_report: flag(),
        status,
        tag_names: tagNames,
      },
    }),
  ),
  'GET /custom_attributes': linked(
    'List custom attributes',
    'attributes',
    answered({
      array_length: orNull(integer('Most elements of an array. null: it is no array.')),
      data_type: text('Such as `String (Automatically Detected)`.'),
      ...{ description: orNull(text()), name: text(), status: attributeStatus, tag_names: tagNames },
    }),
  ),
  'POST /custom_attributes/blocklist': {
    summary: 'Block custom attributes, or take them off the blocklist',
    description:
      'A blocked attribute is not stored, shown or matched. What is stored shows again when it is no longer blocked.',
    tag: 'Campaigns',
    body: given({
      custom_attribute_names: required(list(text('At most 1,020 bytes.'), `At most ${MOST_NAMES}.`, MOST_NAMES)),
      blocklisted: required(flag('Whether to block them.')),
    }),
    answer: { status: 201, schema: success() },
    example: { body: { custom_attribute_names: ['shoe_size'], blocklisted: true } },
  },
  'GET /events/data_series': series(
    'Read how often a custom event happened',
    { count: integer() },
    { event: requiredText('Name of the event.'), unit, app_id: app, segment_id: segment },
  ),
  'GET /purchases/quantity_series': series(
    'Read how many purchases there were',
    { purchase_quantity: integer() },
    { product: optionalText('Id of the product. Default: all.'), unit, app_id: app },
  ),
  'GET /purchases/revenue_series': series(
    'Read the revenue of purchases',
    { revenue: number() },
    { product: optionalText('Id of the product. Default: all.'), unit, app_id: app },
  ),
  'GET /sessions/data_series': series(
    'Read how many sessions there were',
    { sessions: integer() },
    { unit, app_id: app, segment_id: segment },
  ),
  'GET /kpi/new_users/data_series': kpi('people are new', 'new_users'),
  'GET /kpi/uninstalls/data_series': kpi('apps were uninstalled', 'uninstalls'),
  'GET /kpi/dau/data_series': kpi('people were active on a day', 'dau'),
  'GET /kpi/mau/data_series': kpi('people were active in the 30 days that end with a day', 'mau'),
};
