import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { read } from '../../lib/api.ts';
import { counted } from '../../lib/say.ts';
import { useTitle } from '../../lib/title.ts';
import { Command } from '../../parts/copy.tsx';
import { Failure } from '../../parts/loaded.tsx';
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
      {list.error !== null && <Failure error={list.error} retry={() => list.refetch()} />}
      {list.data !== undefined && campaigns.length === 0 ? <None /> : <Table campaigns={campaigns} />}
      {list.hasNextPage && (
        <button
          type="button"
          className="btn start"
          onClick={() => list.fetchNextPage()}
          disabled={list.isFetchingNextPage}
        >
          Show more
        </button>
      )}
    </div>
  );
}

function Table({ campaigns }: { campaigns: readonly ListedCampaign[] }) {
  return (
    <table className="stk list">
      <thead>
        <tr>
          <th scope="col">Campaign</th>
          <th scope="col">Kind</th>
          <th scope="col">Tags</th>
          <th scope="col">Changed</th>
        </tr>
      </thead>
      <tbody>
        {campaigns.map(({ id, name, is_api_campaign, tags, last_edited }) => (
          <tr key={id}>
            <td>
              <Link to="/campaigns/$campaign" params={{ campaign: id }}>
                {name}
              </Link>{' '}
              <span className="sub p2">{id}</span>
            </td>
            <td>{is_api_campaign ? 'API' : 'triggered'}</td>
            <td className="l2 mut2">{tags.join(', ')}</td>
            <td className="p2">
              <Time at={last_edited} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
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
