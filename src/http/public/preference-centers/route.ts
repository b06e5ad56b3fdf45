import { RequestError } from '../../../errors.ts';
import { shown } from '../../../lib/raw/json.ts';
import type { Answer, RateBucket, Route, RouteRequest } from '../../route.ts';

const bucket: RateBucket = { name: 'preference_center_read', limit: 1_000, windowMs: 60_000 };

/** The reads of preference centers, of which a workspace has none. Source: more-endpoints.md §8. */
export function preferenceCenterRoutes(): Route[] {
  const unknown = async ({ params: { preference_center_id: id = '' } }: RouteRequest): Promise<Answer> => {
    throw new RequestError('not_found', [`there is no preference center "${shown(id)}"`]);
  };
  return [
    {
      method: 'GET',
      path: '/preference_center/v1/list',
      permission: 'preference_center.list',
      bucket: () => bucket,
      handle: async () => ({ status: 200, body: { preference_centers: [], message: 'success' } }),
    },
    {
      method: 'GET',
      path: '/preference_center/v1/:preference_center_id',
      permission: 'preference_center.get',
      bucket: () => bucket,
      handle: unknown,
    },
    {
      method: 'GET',
      path: '/preference_center/v1/:preference_center_id/url/:external_id',
      permission: 'preference_center.user.get',
      bucket: () => bucket,
      handle: unknown,
    },
  ];
}
