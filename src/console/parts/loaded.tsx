import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiError } from '../lib/api.ts';

/** What was loaded, or that it is being loaded, or why it could not be, at its place on the page. */
export function Loaded<T>({
  query,
  children,
  rows = 3,
}: {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
  rows?: number;
}) {
  if (query.data !== undefined)
    return (
      <>
        {query.error !== null && <Stale since={query.dataUpdatedAt} />}
        {children(query.data)}
      </>
    );
  if (query.error !== null) return <Failure error={query.error} retry={() => query.refetch()} />;
  return <Waiting rows={rows} said="Loading" />;
}

/** Lines in the place of what is not there yet. */
export function Waiting({ rows, said }: { rows: number; said: string }) {
  return (
    <div className="loading" aria-busy="true">
      <span className="sr">{said}</span>
      {Array.from({ length: rows }, (_, row) => `row ${row}`).map((row) => (
        <span key={row} />
      ))}
    </div>
  );
}

function Stale({ since }: { since: number }) {
  const at = new Date(since).toLocaleTimeString('en-GB');
  return <p className="sm stale">Stale since {at}, trying again</p>;
}

/** What went wrong, with the id of the request, and a button that tries again. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  const about = error instanceof ApiError ? error : null;
  return (
    <div className="failure" role="alert">
      <p>
        <b>{error.message}</b>
      </p>
      {about?.errors.map((line) => (
        <p key={line} className="md mut2">
          {line}
        </p>
      ))}
      {about !== null && about.requestId !== null && (
        <p className="sm mut">
          Request <code>{about.requestId}</code>
        </p>
      )}
      {retry !== undefined && (
        <button type="button" className="btn" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}
