import type { Operation, Operations, Parameter } from '../../openapi/operation.ts';
import { list, map } from '../../openapi/schema.ts';
import { listQuery, optionalInteger, optionalFlag, optionalTime, requiredText, seriesQuery, success } from '../../openapi/shared.ts';

const canvasId: Parameter = requiredText('The Canvas. A workspace has none, so each id is refused.');
/** A read of a Canvas, none of which there is. */
const unknown = (summary: string, query: Operation['query']): Operation => ({
  summary,
  tag: 'Campaigns',
  query: { canvas_id: canvasId, ...query },
  answer: { status: 200, schema: success() },
  example: { query: { canvas_id: 'none' } },
  alwaysRefuses: true,
});
const { length: _required, ...ending } = seriesQuery;
const seriesAsked = { ...ending, length: optionalInteger('Days of the series.') };
const breakdowns = {
  starting_at: optionalTime('The beginning of the series.'),
  include_variant_breakdown: optionalFlag('Whether variants are listed.'),
  include_step_breakdown: optionalFlag('Whether steps are listed.'),
  include_deleted_step_data: optionalFlag('Whether deleted steps are listed.'),
};

export const operations: Operations = {
  'GET /canvas/list': {
    summary: 'List Canvases: always none',
    tag: 'Campaigns',
    query: listQuery,
    answer: { status: 200, schema: success({ canvases: list(map()) }) },
    example: { query: { page: '0' } },
  },
  'GET /canvas/details': unknown('Read a Canvas: always refused', {
    post_launch_draft_version: optionalFlag('Whether the draft is read.'),
    include_has_translatable_content: optionalFlag('Whether translations are told.'),
  }),
  'GET /canvas/data_series': unknown('Read the series of a Canvas: always refused', { ...seriesAsked, ...breakdowns }),
  'GET /canvas/data_summary': unknown('Read the numbers of a Canvas: always refused', { ...seriesAsked, ...breakdowns }),
};
