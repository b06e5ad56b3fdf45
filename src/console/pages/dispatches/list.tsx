import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { read } from '../../lib/api.ts';
import { every } from '../../lib/live.ts';
import { channelName, count, counted, shortId } from '../../lib/say.ts';
import { queryOf, type Search } from '../../lib/search.ts';
import { useTitle } from '../../lib/title.ts';
import { DispatchState } from '../../parts/dispatch-state.tsx';
import { Failure } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import { FirstSend } from '../home/first-send.tsx';
import type { ListedDispatch } from '../home/home.tsx';

interface Page {
  dispatches: ListedDispatch[];
  next_cursor?: string;
}

const states = ['sending', 'paused', 'scheduled', 'finished', 'cancelled', 'failed'] as const;
const EVERY_MS = 5_000;

/** All dispatches, the newest first. The state that is asked for stands in the URL. */
export function Dispatches() {
  const { state = '' }: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const list = useInfiniteQuery({
    queryKey: ['dispatches', state],
    queryFn: ({ pageParam, signal }) =>
      read<Page>(`dispatches${queryOf({ state, limit: 50, cursor: pageParam })}`, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: (query) => (query.state.data?.pages.length === 1 ? every(EVERY_MS) : false),
  });
  useTitle('Dispatches');
  const dispatches = list.data?.pages.flatMap((page) => page.dispatches) ?? [];
  const isFirst = list.data !== undefined && dispatches.length === 0 && state === '';
  return (
    <div className="page">
      <h1>Dispatches</h1>
      <label className="row md">
        <span className="lab">State</span>
        <select
          className="pick1"
          value={state}
          onChange={({ target }) =>
            navigate({ to: '/dispatches', search: target.value === '' ? {} : { state: target.value } })
          }
        >
          <option value="">all</option>
          {states.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      {list.error !== null && <Failure error={list.error} retry={() => list.refetch()} />}
      {isFirst ? (
        <FirstSend />
      ) : (
        <Table dispatches={dispatches} isEmpty={list.data !== undefined && dispatches.length === 0} />
      )}
      {list.hasNextPage && (
        <button
          type="button"
          className="btn start"
          onClick={() => list.fetchNextPage()}
          disabled={list.isFetchingNextPage}
        >
          {counted(dispatches.length, 'dispatch', 'dispatches')} shown; show more
        </button>
      )}
    </div>
  );
}

function Table({ dispatches, isEmpty }: { dispatches: readonly ListedDispatch[]; isEmpty: boolean }) {
  return (
    <table className="stk list">
      <thead>
        <tr>
          <th scope="col">Accepted</th>
          <th scope="col">Dispatch</th>
          <th scope="col">State</th>
          <th scope="col">Channels</th>
          <th scope="col" className="n">
            People
          </th>
        </tr>
      </thead>
      <tbody>
        {dispatches.map((one) => (
          <tr key={one.dispatch_id}>
            <td>
              <Time at={one.accepted_at} />
            </td>
            <td>
              <Link to="/dispatches/$dispatch" params={{ dispatch: one.dispatch_id }}>
                {one.campaign_id ?? <code>{shortId(one.dispatch_id)}</code>}
              </Link>{' '}
              <span className="sub p2">{one.broadcast ? 'broadcast' : 'named people'}</span>
            </td>
            <td>
              <DispatchState state={one.state} />
            </td>
            <td className="l2 mut2">
              {one.channels.map(channelName).join(', ')}
              {one.failure !== undefined && ` · ${one.failure}`}
            </td>
            <td className="n p2">{one.counts.targeted === null ? '–' : count(one.counts.targeted)}</td>
          </tr>
        ))}
        {isEmpty && (
          <tr>
            <td colSpan={5} className="mut">
              No dispatch is in this state.
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}
