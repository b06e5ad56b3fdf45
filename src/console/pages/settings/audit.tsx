import { useInfiniteQuery } from '@tanstack/react-query';
import { read } from '../../lib/api.ts';
import { queryOf } from '../../lib/search.ts';
import { Failure } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';

interface Change {
  id: number;
  at: string;
  operator: string;
  action: string;
  subject: string;
  before: unknown;
  after: unknown;
  address: string;
}

/** Who changed what, when and from where, with what was there before. */
export function Audit() {
  const list = useInfiniteQuery({
    queryKey: ['audit'],
    queryFn: ({ pageParam, signal }) =>
      read<{ changes: Change[]; next_cursor?: string }>(`audit${queryOf({ limit: 100, cursor: pageParam })}`, signal),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });
  const changes = list.data?.pages.flatMap((page) => page.changes) ?? [];
  return (
    <section className="sec">
      <h2>What operators changed</h2>
      {list.isPending && <div className="loading" aria-busy="true" />}
      {list.error !== null && <Failure error={list.error} retry={() => list.refetch()} />}
      <table className="stk set">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
            <th scope="col">Of</th>
          </tr>
        </thead>
        <tbody>
          {changes.map(({ id, at, operator, action, subject, before, after, address }) => (
            <tr key={id}>
              <td>
                <Time at={at} />
              </td>
              <td className="m" title={address}>
                {operator}
              </td>
              <td className="l2">
                <code>{action}</code> <span className="sub only-phone brk">{subject}</span>
                <Values before={before} after={after} />
              </td>
              <td className="p2 brk">{subject}</td>
            </tr>
          ))}
        </tbody>
      </table>
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
    </section>
  );
}

function Values({ before, after }: { before: unknown; after: unknown }) {
  if (before === null && after === null) return null;
  return (
    <details className="few">
      <summary>before and after</summary>
      <pre className="json">
        {`before: ${JSON.stringify(before, null, 1)}\nafter:  ${JSON.stringify(after, null, 1)}`}
      </pre>
    </details>
  );
}
