import { RequestError } from '../../../errors.ts';
import type { Answer, Route } from '../../route.ts';
import { listParameters, readListPage } from '../list-query.ts';

const seriesParameters = [
  'canvas_id',
  'ending_at',
  'starting_at',
  'length',
  'include_variant_breakdown',
  'include_step_breakdown',
  'include_deleted_step_data',
] as const;

/** The reads of Canvases, of which a workspace has none. Source: more-endpoints.md §3.1. */
export function canvasRoutes(): Route[] {
  const unknown = async (): Promise<Answer> => {
    throw new RequestError('unknown_canvas_id');
  };
  return [
    {
      method: 'GET',
      path: '/canvas/list',
      permission: 'canvas.list',
      query: listParameters,
      async handle({ query }) {
        readListPage(query);
        return { status: 200, body: { canvases: [], message: 'success' } };
      },
    },
    {
      method: 'GET',
      path: '/canvas/details',
      permission: 'canvas.details',
      query: ['canvas_id', 'post_launch_draft_version', 'include_has_translatable_content'],
      handle: unknown,
    },
    {
      method: 'GET',
      path: '/canvas/data_series',
      permission: 'canvas.data_series',
      query: seriesParameters,
      handle: unknown,
    },
    {
      method: 'GET',
      path: '/canvas/data_summary',
      permission: 'canvas.data_summary',
      query: seriesParameters,
      handle: unknown,
    },
  ];
}
