import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { read } from '../../lib/api.ts';
import { count } from '../../lib/say.ts';
import { useMay } from '../../lib/session.ts';
import { useTitle } from '../../lib/title.ts';
import { Failure } from '../../parts/loaded.tsx';
import { Time } from '../../parts/time.tsx';
import type { ListedBlock, ListedTemplate } from './stored.ts';
import './templates.css';

const PAGE = 100;

function useListed<T>(path: string, member: string) {
  return useInfiniteQuery({
    queryKey: [path],
    queryFn: async ({ pageParam, signal }) => {
      const answer = await read<Record<string, readonly T[]>>(`${path}?limit=${PAGE}&offset=${pageParam}`, signal);
      return answer[member] ?? [];
    },
    initialPageParam: 0,
    getNextPageParam: (page: readonly T[], pages) => (page.length < PAGE ? undefined : pages.length * PAGE),
  });
}

/** Stored email templates and content blocks. */
export function Templates() {
  const isAdmin = useMay('admin');
  const templates = useListed<ListedTemplate>('templates/email/list', 'templates');
  const blocks = useListed<ListedBlock>('content_blocks/list', 'content_blocks');
  useTitle('Templates');
  return (
    <div className="page">
      <h1>Templates</h1>
      <section className="sec">
        <div className="row between wrap">
          <h2>Email templates</h2>
          {isAdmin && (
            <Link className="btn" to="/templates/$template" params={{ template: 'new' }}>
              Write a template
            </Link>
          )}
        </div>
        <List query={templates} none="No template is stored. A message names one as email_template_id.">
          {(all) => <TemplateTable templates={all} />}
        </List>
      </section>
      <section className="sec">
        <div className="row between wrap">
          <h2>Content blocks</h2>
          {isAdmin && (
            <Link className="btn" to="/templates/blocks/$block" params={{ block: 'new' }}>
              Write a block
            </Link>
          )}
        </div>
        <List query={blocks} none="No block is stored. A template includes one as {{content_blocks.${name}}}.">
          {(all) => <BlockTable blocks={all} />}
        </List>
      </section>
    </div>
  );
}

function List<T>({
  query,
  none,
  children,
}: {
  query: ReturnType<typeof useListed<T>>;
  none: string;
  children: (all: readonly T[]) => ReactNode;
}) {
  const all = query.data?.pages.flat() ?? [];
  return (
    <>
      {query.isPending && <div className="loading" aria-busy="true" />}
      {query.error !== null && <Failure error={query.error} retry={() => query.refetch()} />}
      {query.data !== undefined && (all.length === 0 ? <p className="md mut2">{none}</p> : children(all))}
      {query.hasNextPage && (
        <button type="button" className="btn start" onClick={() => query.fetchNextPage()}>
          Show more
        </button>
      )}
    </>
  );
}

function TemplateTable({ templates }: { templates: readonly ListedTemplate[] }) {
  return (
    <table className="stk stored">
      <thead>
        <tr>
          <th scope="col">Template</th>
          <th scope="col">Tags</th>
          <th scope="col">Changed</th>
        </tr>
      </thead>
      <tbody>
        {templates.map(({ email_template_id: id, template_name, tags, updated_at }) => (
          <tr key={id}>
            <td className="brk">
              <Link to="/templates/$template" params={{ template: id }}>
                {template_name}
              </Link>
            </td>
            <td className="l2 mut2">{tags?.join(', ')}</td>
            <td>
              <Time at={updated_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function BlockTable({ blocks }: { blocks: readonly ListedBlock[] }) {
  return (
    <table className="stk stored">
      <thead>
        <tr>
          <th scope="col">Block</th>
          <th scope="col">Tags</th>
          <th scope="col" className="n">
            Included by
          </th>
          <th scope="col">Changed</th>
        </tr>
      </thead>
      <tbody>
        {blocks.map(({ content_block_id: id, name, tags, inclusion_count, last_edited }) => (
          <tr key={id}>
            <td className="brk">
              <Link to="/templates/blocks/$block" params={{ block: id }}>
                {name}
              </Link>
            </td>
            <td className="l2 mut2">{tags?.join(', ')}</td>
            <td className={inclusion_count === 0 ? 'n zero' : 'n'}>
              <span className="only-phone">in&nbsp;</span>
              {count(inclusion_count)}
            </td>
            <td className="p2">
              <Time at={last_edited} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
