import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { change, read } from '../../lib/api.ts';
import { channelName, count, counted, shortId } from '../../lib/say.ts';
import { queryOf } from '../../lib/search.ts';
import { useMay } from '../../lib/session.ts';
import { useTitle } from '../../lib/title.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { Command } from '../../parts/copy.tsx';
import { Failure } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import type { ListedDispatch } from '../home/home.tsx';
import '../templates/templates.css';

interface Scheduled extends ListedDispatch {
  schedule?: { schedule_id: string; time: string; in_local_time?: boolean; at_optimal_time?: boolean };
}

interface Page {
  dispatches: Scheduled[];
  next_cursor?: string;
}

const EVERY_MS = 5_000;

/** What is planned and has not begun, the soonest first. */
export function Schedules() {
  const list = useInfiniteQuery({
    queryKey: ['schedules'],
    queryFn: ({ pageParam, signal }) =>
      read<Page>(`dispatches${queryOf({ state: 'scheduled', limit: 100, cursor: pageParam })}`, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: EVERY_MS,
  });
  useTitle('Schedules');
  const planned = (list.data?.pages.flatMap((page) => page.dispatches) ?? []).toSorted(bySoonest);
  return (
    <div className="page">
      <h1>
        {list.data === undefined
          ? 'Schedules'
          : planned.length === 0
            ? 'Nothing is planned'
            : `${counted(planned.length, 'schedule')}${list.hasNextPage ? ' or more' : ''}`}
      </h1>
      {list.isPending && <div className="loading" aria-busy="true" />}
      {list.error !== null && <Failure error={list.error} retry={() => list.refetch()} />}
      {list.data !== undefined && planned.length === 0 && <None />}
      {planned.length > 0 && <Table planned={planned} />}
      {list.hasNextPage && (
        <button type="button" className="btn start" onClick={() => list.fetchNextPage()}>
          Show more
        </button>
      )}
    </div>
  );
}

function bySoonest(one: Scheduled, other: Scheduled): number {
  return (one.schedule?.time ?? '').localeCompare(other.schedule?.time ?? '');
}

function Table({ planned }: { planned: readonly Scheduled[] }) {
  const maySend = useMay('sender');
  return (
    <table className="stk sched">
      <thead>
        <tr>
          <th scope="col">Goes out</th>
          <th scope="col">What</th>
          <th scope="col">To</th>
          <th scope="col">Made</th>
          {maySend && <th scope="col">Act</th>}
        </tr>
      </thead>
      <tbody>
        {planned.map((one) => (
          <tr key={one.dispatch_id}>
            <td>
              <When of={one} />
            </td>
            <td>
              <Link to="/dispatches/$dispatch" params={{ dispatch: one.dispatch_id }}>
                {one.campaign_name ?? one.campaign_id ?? <code>{shortId(one.dispatch_id)}</code>}
              </Link>
            </td>
            <td className="l2 mut2">
              {one.broadcast ? 'a broadcast' : 'named people'} · {one.channels.map(channelName).join(', ')}
              {one.counts.targeted !== null && ` · ${count(one.counts.targeted)}`}
            </td>
            <td className="p2">
              <Time at={one.accepted_at} />
            </td>
            {maySend && (
              <td className="n">
                <Cancel of={one} />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const whole = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** A time by each person's clock has no zone, so it is shown as it is written. */
function When({ of: { schedule } }: { of: Scheduled }) {
  if (schedule === undefined) return <span className="mut">–</span>;
  const { time, in_local_time, at_optimal_time } = schedule;
  if (!in_local_time && !at_optimal_time)
    return (
      <time dateTime={time} title={time} className="tn">
        {whole.format(new Date(time))}
      </time>
    );
  return (
    <span className="tn">
      {time.slice(0, 16).replace('T', ' ')}{' '}
      <span className="sub">{in_local_time ? 'by their own clock' : 'at their most active hour'}</span>
    </span>
  );
}

function Cancel({ of }: { of: Scheduled }) {
  const name = of.campaign_name ?? of.campaign_id ?? shortId(of.dispatch_id);
  return (
    <Confirm
      label="Cancel …"
      about={`the schedule ${name}`}
      title={`Cancel the schedule ${name}`}
      verb="Cancel it"
      act={() => change('POST', `dispatches/${of.dispatch_id}/cancel`)}
      touches={['schedules', 'dispatches']}
    >
      <p className="md">
        It would go out <When of={of} />. Nothing of it goes out then, and it cannot be planned again.
      </p>
    </Confirm>
  );
}

const EXAMPLE = `curl -X POST "$URL/messages/schedule/create" \\
  -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
  -d '{"external_user_ids": ["ada"], "schedule": {"time": "2030-01-01T09:00:00Z"},
       "messages": {"webhook": {"url": "https://example.com", "request_method": "POST", "body": "Hi"}}}'`;

function None() {
  return (
    <section className="empty">
      <p>What is planned stands here until it goes out. The API plans it:</p>
      <Command text={EXAMPLE} />
    </section>
  );
}
