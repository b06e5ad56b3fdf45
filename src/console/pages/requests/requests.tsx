import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { read } from '../../lib/api.ts';
import { every } from '../../lib/live.ts';
import { counted } from '../../lib/say.ts';
import { queryOf, type Search } from '../../lib/search.ts';
import { useTitle } from '../../lib/title.ts';
import { Command, CopyButton } from '../../parts/copy.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Time } from '../../parts/time.tsx';
import { Views } from '../../parts/views.tsx';

interface Logged {
  id: string;
  at: string;
  category: string;
  dispatch_id: string | null;
  record: Readonly<Record<string, unknown>>;
}

interface Page {
  requests: Logged[];
  next_cursor?: string;
}

/** What the log calls its records, in words. */
const categories: Readonly<Record<string, string>> = {
  'API message record': 'requests',
  'REST API connected audience errors': 'errors of audiences',
  'Schedule errors': 'errors of schedules',
  double_opt_in_ignored: 'ignored double opt-ins',
};
const EVERY_MS = 5_000;

/** The log of requests. The one that is open stands in the URL. */
export function Requests() {
  const { id = '', category = '' }: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const apply = (search: Search) => navigate({ to: '/requests', search, replace: true });
  const list = useInfiniteQuery({
    queryKey: ['requests', category],
    queryFn: ({ pageParam, signal }) =>
      read<Page>(`requests${queryOf({ category, limit: 50, cursor: pageParam })}`, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: (query) => (query.state.data?.pages.length === 1 ? every(EVERY_MS) : false),
  });
  useTitle('Requests');
  const requests = list.data?.pages.flatMap((page) => page.requests) ?? [];
  const open = requests.find((one) => one.id === id);
  return (
    <div className="page">
      <h1>
        {list.data === undefined
          ? 'Requests'
          : requests.length === 0
            ? `No ${category === '' ? '' : 'such '}request in 60 h`
            : `${counted(requests.length, 'request')}${list.hasNextPage ? ' or more' : ''} in 60 h`}
      </h1>
      <p className="mut2 md">
        Requests to a segment or an audience, and what went wrong. Requests to named people are in Dispatches.
      </p>
      <div className="row wrap gap16 md">
        <label className="row">
          <span className="lab">Kind</span>
          <select className="pick1" value={category} onChange={({ target }) => apply({ category: target.value })}>
            <option value="">all</option>
            {[...new Set([...Object.keys(categories), category])].filter(Boolean).map((one) => (
              <option key={one} value={one}>
                {categories[one] ?? one}
              </option>
            ))}
          </select>
        </label>
        <Views list="requests" filter={{ category }} apply={apply} />
      </div>
      <div className={open === undefined ? 'sec' : 'split wide'}>
        <div className="sec">
          <Rows
            list={list}
            rowsOf={(page) => page.requests}
            columns={columnsOf(category)}
            keyOf={(one) => one.id}
            none={category === '' ? 'Nothing came in 60 h.' : 'Nothing of this kind came in 60 h.'}
            isMarked={(one) => one.id === id}
          />
        </div>
        {open !== undefined && <Record logged={open} />}
      </div>
    </div>
  );
}

function columnsOf(asked: string): readonly Column<Logged>[] {
  return [
    { head: 'When', cell: ({ at }) => <Time at={at} /> },
    {
      head: 'Endpoint',
      cell: ({ id, category, record: { endpoint } }) => (
        <Link to="/requests" search={asked === '' ? { id } : { id, category: asked }}>
          {typeof endpoint === 'string' ? endpoint : category}
        </Link>
      ),
    },
    {
      head: 'Key',
      className: 'p2',
      cell: ({ record: { api_key_name: key } }) => (typeof key === 'string' ? key : '–'),
    },
    { head: 'What', className: 'l2 mut2', cell: ({ record }) => summaryOf(record) },
  ];
}

function summaryOf(record: Logged['record']): string {
  const { segment_name: segment, campaign_name: campaign, channels, broadcast } = record;
  const parts = [
    broadcast === true ? 'broadcast' : null,
    campaign,
    segment,
    Array.isArray(channels) ? channels.join(', ') : null,
  ];
  const said = parts.filter((part): part is string => typeof part === 'string');
  return said.length > 0 ? said.join(' · ') : JSON.stringify(record).slice(0, 120);
}

function Record({ logged: { dispatch_id, record } }: { logged: Logged }) {
  const { request, endpoint, request_id: requestId } = record;
  const text = JSON.stringify(request ?? record, null, 2);
  const curl = [
    `curl ${new URL(String(endpoint ?? '').replace(/^\//, ''), document.baseURI).href} \\`,
    "  -H 'Authorization: Bearer YOUR_API_KEY' -H 'Content-Type: application/json' \\",
    `  -d '${JSON.stringify(request ?? {}).replaceAll("'", "'\\''")}'`,
  ].join('\n');
  return (
    <section className="panel" aria-label="Request">
      <div className="ph">
        <b>Request</b>
        {typeof requestId === 'string' && (
          <>
            <code className="ell">{requestId}</code> <CopyButton text={requestId} what="the request id" />
          </>
        )}
      </div>
      <div className="pb sec">
        {dispatch_id !== null && (
          <p className="md">
            It made{' '}
            <Link to="/dispatches/$dispatch" params={{ dispatch: dispatch_id }}>
              a dispatch
            </Link>
            ; its verdicts are there. An answer 201 is no delivery.
          </p>
        )}
        <h2>Body</h2>
        <pre className="json raw1">{text}</pre>
        {typeof endpoint === 'string' && (
          <>
            <h2>As curl</h2>
            <Command text={curl} />
          </>
        )}
      </div>
    </section>
  );
}
