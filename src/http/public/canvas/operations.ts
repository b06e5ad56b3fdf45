import type { Operation, Operations } from '../../openapi/operation.ts';
import {
  answered,
  flag,
  integer,
  list,
  type Members,
  map,
  optional,
  orNull,
  text,
  time,
} from '../../openapi/schema.ts';
import {
  listQuery,
  optionalFlag,
  optionalTime,
  requiredText,
  seriesQuery,
  success,
  tagNames,
} from '../../openapi/shared.ts';
import { MOST_OF_CANVAS } from '../series-query.ts';

const canvas_id = requiredText('Id of a Canvas, or of an API-triggered campaign.');
const seriesAsked: Operation['query'] = {
  canvas_id,
  ...seriesQuery,
  length: { schema: integer('Days of the series. Required without `starting_at`.', { min: 1, max: MOST_OF_CANVAS }) },
  starting_at: optionalTime('The first day. It wins over `length`.'),
  include_variant_breakdown: optionalFlag('Whether variants are listed.'),
  include_step_breakdown: optionalFlag('Whether steps are listed.'),
  include_deleted_step_data: optionalFlag('There are no deleted steps.'),
};

const none: Members = { revenue: integer(), conversions: integer(), conversions_by_entry_time: integer() };
const channelCounters = map(list({ ...answered({ variation_api_id: text() }), additionalProperties: integer() }));
const stats: Members = {
  total_stats: answered({ ...none, entries: integer('People who entered.') }),
  variant_stats: optional(map(answered({ name: text(), ...none, entries: integer() }), 'By variant.')),
  step_stats: optional(map(answered({ name: text(), ...none, messages: channelCounters }), 'By step.')),
};
const shared = { tag: 'Campaigns', errors: ['unknown_canvas_id', 'invalid_length'] } as const;
const example = { query: { canvas_id: 'welcome', length: '7', include_step_breakdown: 'true' } };

export const operations: Operations = {
  'GET /canvas/list': {
    summary: 'List Canvases, which stand for campaigns',
    tag: 'Campaigns',
    query: listQuery,
    answer: {
      status: 200,
      schema: success({ canvases: list(answered({ id: text(), last_edited: time(), name: text(), tags: tagNames })) }),
    },
    example: { query: { page: '0' } },
  },
  'GET /canvas/details': {
    ...shared,
    summary: 'Read what a Canvas consists of: one variant with one step',
    query: {
      canvas_id,
      post_launch_draft_version: optionalFlag('There are no drafts.'),
      include_has_translatable_content: optionalFlag('Whether `has_translatable_content` is told.'),
    },
    answer: {
      status: 200,
      schema: success({
        ...{
          created_at: time(),
          updated_at: time(),
          name: text(),
          description: text(),
          archived: flag(),
          draft: flag(),
        },
        ...{ enabled: flag(), has_post_launch_draft: flag(), schedule_type: text('Always `api_trigger`.') },
        ...{ first_entry: orNull(time()), last_entry: orNull(time()), channels: list(text()) },
        variants: list(answered({ name: text(), id: text(), first_step_ids: list(text()), first_step_id: text() })),
        ...{ tags: tagNames, teams: list(text()) },
        steps: list(
          answered({
            ...{ name: text(), type: text('Always `message`.'), id: text(), next_step_ids: list(text()) },
            ...{ next_paths: list(map()), channels: list(text()), messages: map(answered({ channel: text() })) },
          }),
        ),
        has_translatable_content: optional(flag('Always false.')),
      }),
    },
    example: { query: { canvas_id: 'welcome' } },
  },
  'GET /canvas/data_series': {
    ...shared,
    summary: 'Read what a Canvas has sent, by day',
    query: seriesAsked,
    answer: {
      status: 200,
      schema: success({ data: answered({ name: text(), stats: list(answered({ time: text(), ...stats })) }) }),
    },
    example,
  },
  'GET /canvas/data_summary': {
    ...shared,
    summary: 'Read what a Canvas has sent, all days together',
    query: seriesAsked,
    answer: {
      status: 200,
      schema: success({
        data: answered({ name: text(), ...stats, total_stats: optional(answered({ ...none, entries: integer() })) }),
      }),
    },
    example,
  },
};
