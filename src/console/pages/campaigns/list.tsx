import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { read } from '../../lib/api.ts';
import { counted } from '../../lib/say.ts';
import { useTitle } from '../../lib/title.ts';
import { Command } from '../../parts/copy.tsx';
import { type Column, Rows } from '../../parts/rows.tsx';
import { Time } from '../../parts/time.tsx';

interface ListedCampaign {
  id: string;
  name: string;
  last_edited: string;
  is_api_campaign: boolean;
  tags: readonly string[];
}

const A_PAGE = 100;

/** Every campaign that is not archived, the newest first. */
export function Campaigns() {
  const list = useInfiniteQuery({
    queryKey: ['campaigns'],
    queryFn: ({ pageParam, signal }) =>
      read<{ campaigns: ListedCampaign[] }>(`campaigns/list?sort_direction=desc&page=${pageParam}`, signal),
    initialPageParam: 0,
    getNextPageParam: (page, pages) => (page.campaigns.length < A_PAGE ? undefined : pages.length),
  });
  const campaigns = list.data?.pages.flatMap((page) => page.campaigns) ?? [];
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
        <Rows
          list={list}
          rowsOf={(page) => page.campaigns}
          columns={columns}
          keyOf={({ id }) => id}
          className="stk list"
          none=""
        />
      )}
    </div>
  );
}

const columns: readonly Column<ListedCampaign>[] = [
  {
    head: 'Campaign',
    cell: ({ id, name }) => (
      <>
        <Link to="/campaigns/$campaign" params={{ campaign: id }}>
          {name}
        </Link>{' '}
        <span className="sub p2">{id}</span>
      </>
    ),
  },
  { head: 'Kind', cell: ({ is_api_campaign: isApi }) => (isApi ? 'API' : 'triggered') },
  { head: 'Tags', className: 'l2 mut2', cell: ({ tags }) => tags.join(', ') },
  { head: 'Changed', className: 'p2', cell: ({ last_edited: at }) => <Time at={at} /> },
];

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
