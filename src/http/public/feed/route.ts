import { RequestError } from '../../../errors.ts';
import type { Answer, Route } from '../../route.ts';
import { listParameters, readListPage } from '../list-query.ts';

/** The News Feed, which the original has withdrawn and a connector still reads. Source: more-endpoints.md §7. */
export function feedRoutes(): Route[] {
  const unknown = async (): Promise<Answer> => {
    throw new RequestError('unknown_card_id');
  };
  return [
    {
      method: 'GET',
      path: '/feed/list',
      permission: null,
      query: listParameters,
      async handle({ query }) {
        readListPage(query);
        return { status: 200, body: { cards: [], message: 'success' } };
      },
    },
    { method: 'GET', path: '/feed/details', permission: null, query: ['card_id'], handle: unknown },
    {
      method: 'GET',
      path: '/feed/data_series',
      permission: null,
      query: ['card_id', 'length', 'unit', 'ending_at'],
      handle: unknown,
    },
  ];
}
