import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { read } from '../../lib/api.ts';
import { count, counted } from '../../lib/say.ts';
import { queryOf, type Search } from '../../lib/search.ts';
import { useTitle } from '../../lib/title.ts';
import { Spark } from '../../parts/chart/spark.tsx';
import { Command } from '../../parts/copy.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Time } from '../../parts/time.tsx';
import { Views } from '../../parts/views.tsx';
import './campaigns.css';
import { Spans, spanOf } from './spans.tsx';
import { Told } from './variations.tsx';

interface ListedCampaign {
  id: string;
  name: string;
  kind: string;
  tags: readonly string[];
  archived: boolean;
  last_sent: string | null;
  sent: number;
  recipients: number;
  opened: number | null;
  clicked: number | null;
  sent_by_day: readonly number[];
}

interface Page {
  campaigns: ListedCampaign[];
}

const A_PAGE = 100;

/** The campaigns, the newest first, with what each sent and what people did. What is asked for stands in the URL. */
export function Campaigns() {
  const { days = '', archived = '' }: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const apply = (search: Search) => navigate({ to: '/campaigns', search, replace: true });
  const span = spanOf(days);
  const isWithArchived = archived === 'yes';
  const list = useInfiniteQuery({
    queryKey: ['campaigns', span, isWithArchived],
    queryFn: ({ pageParam, signal }) => {
      const asked = { sort_direction: 'desc', page: pageParam, days: span, include_archived: isWithArchived };
      return read<Page>(`campaigns${queryOf(asked)}`, signal);
    },
    initialPageParam: 0,
    getNextPageParam: (page, pages) => (page.campaigns.length < A_PAGE ? undefined : pages.length),
  });
  const campaigns = list.data?.pages.flatMap((page) => page.campaigns) ?? [];
  const most = Math.max(1, ...campaigns.flatMap((one) => one.sent_by_day));
  useTitle('Campaigns');
  return (
    <div className="page">
      <h1>
        {list.data === undefined
          ? 'Campaigns'
          : `${counted(campaigns.length, 'campaign')}${list.hasNextPage ? ' or more' : ''}`}
      </h1>
      {list.data !== undefined && campaigns.length === 0 ? (
        <None />
      ) : (
        <>
          <div className="row wrap gap16 md">
            <Spans chosen={span} choose={(one) => apply({ days: one, archived })} />
            <label className="row">
              <input
                type="checkbox"
                checked={isWithArchived}
                onChange={({ target }) => apply({ days, archived: target.checked ? 'yes' : '' })}
              />{' '}
              with archived ones
            </label>
            <Views list="campaigns" filter={{ days, archived }} apply={apply} />
          </div>
          <Rows
            list={list}
            rowsOf={(page) => page.campaigns}
            columns={columnsOf(span, most)}
            keyOf={({ id }) => id}
            className="stk list campaigns"
            none=""
          />
        </>
      )}
    </div>
  );
}

/** `most`: the busiest day of all campaigns, so that a quiet one looks quiet. */
function columnsOf(span: string, most: number): readonly Column<ListedCampaign>[] {
  return [
    {
      head: 'Campaign',
      cell: ({ id, name, archived }) => (
        <>
          <Link to="/campaigns/$campaign" params={{ campaign: id }} search={span === '30' ? {} : { days: span }}>
            {name}
          </Link>{' '}
          {archived && <span className="sub">archived</span>}
        </>
      ),
    },
    {
      head: 'Kind',
      className: 'l2 mut2',
      cell: ({ kind, tags }) => [kind.replaceAll('_', ' '), ...tags].join(', '),
    },
    { head: 'Last sent', className: 'p2', cell: ({ last_sent: at }) => <Time at={at} /> },
    {
      head: `${span} days`,
      className: 'p2 w-spark',
      cell: ({ sent_by_day: values }) => <Spark values={values} most={most} />,
    },
    {
      head: 'Sent',
      className: 'n',
      cell: ({ sent }) => (
        <>
          {count(sent)} <span className="only-phone">sent</span>
        </>
      ),
    },
    {
      head: 'Opened by people',
      className: 'n opened',
      cell: ({ opened }) => (
        <>
          {opened === null && <span className="only-phone mut">opens</span>} <Told value={opened} />{' '}
          {opened !== null && <span className="only-phone">opened</span>}
        </>
      ),
    },
    {
      head: 'Clicked',
      className: 'n p2',
      cell: ({ clicked }) => <Told value={clicked} />,
    },
  ];
}

const EXAMPLE = `cat > workspace.yaml <<'YAML'
campaigns:
  - { id: spring, name: Spring, kind: api, variations: [{ id: mail, channel: email }] }
YAML
cresset apply workspace.yaml`;

function None() {
  return (
    <section className="empty">
      <p>Campaigns stand here, with what each sent and what came back. They come from the workspace file.</p>
      <Command text={EXAMPLE} />
    </section>
  );
}
