import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { read } from '../../lib/api.ts';
import { every } from '../../lib/live.ts';
import { channelName, count, counted } from '../../lib/say.ts';
import { queryOf, type Search } from '../../lib/search.ts';
import { useTitle } from '../../lib/title.ts';
import { DispatchLink } from '../../parts/dispatch-link.tsx';
import { DispatchState } from '../../parts/dispatch-state.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Time } from '../../parts/time.tsx';
import { Views } from '../../parts/views.tsx';
import { FirstSend } from '../home/first-send.tsx';
import type { ListedDispatch } from '../home/home.tsx';

interface Page {
  dispatches: ListedDispatch[];
  next_cursor?: string;
}

const states = ['scheduled', 'accepted', 'sending', 'paused', 'finished', 'cancelled', 'failed'] as const;
const EVERY_MS = 5_000;

/** All dispatches, the newest first. The state that is asked for stands in the URL. */
export function Dispatches() {
  const { state = '' }: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const apply = (search: Search) => navigate({ to: '/dispatches', search });
  const list = useInfiniteQuery({
    queryKey: ['dispatches', state],
    queryFn: ({ pageParam, signal }) =>
      read<Page>(`dispatches${queryOf({ state, limit: 50, cursor: pageParam })}`, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: (query) => (query.state.data?.pages.length === 1 ? every(EVERY_MS) : false),
  });
  useTitle('Dispatches');
  const isFirst = list.data?.pages[0]?.dispatches.length === 0 && state === '';
  return (
    <div className="page">
      <h1>Dispatches</h1>
      <div className="row wrap gap16 md">
        <label className="row">
          <span className="lab">State</span>
          <select className="pick1" value={state} onChange={({ target }) => apply({ state: target.value })}>
            <option value="">all</option>
            {states.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <Views list="dispatches" filter={{ state }} apply={apply} />
      </div>
      {isFirst ? (
        <FirstSend />
      ) : (
        <Rows
          list={list}
          rowsOf={(page) => page.dispatches}
          columns={columns}
          keyOf={(one) => one.dispatch_id}
          className="stk list"
          none="No dispatch is in this state."
          say={(rows) => counted(rows, 'dispatch', 'dispatches')}
        />
      )}
    </div>
  );
}

const columns: readonly Column<ListedDispatch>[] = [
  { head: 'Accepted', cell: ({ accepted_at }) => <Time at={accepted_at} /> },
  {
    head: 'Dispatch',
    cell: (dispatch) => (
      <>
        <DispatchLink {...dispatch} />{' '}
        <span className="sub p2">{dispatch.broadcast ? 'broadcast' : 'named people'}</span>
      </>
    ),
  },
  {
    head: 'State',
    cell: ({ state, waits, failure }) => <DispatchState state={state} wait={waits?.[0]} failure={failure} />,
  },
  {
    head: 'Channels',
    className: 'l2 mut2',
    cell: ({ channels, failure, counts: { targeted } }) => (
      <>
        {channels.map(channelName).join(', ')}
        {targeted !== null && (
          <>
            {' '}
            <span className="only-phone">· {counted(targeted, 'person', 'people')}</span>
          </>
        )}
        {failure !== undefined && ` · ${failure}`}
      </>
    ),
  },
  {
    head: 'People',
    className: 'n p2',
    cell: ({ counts: { targeted } }) => (targeted === null ? '–' : count(targeted)),
  },
];
