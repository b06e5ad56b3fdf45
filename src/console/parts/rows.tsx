import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Failure } from './loaded.tsx';

/** A column of a list. `className`: `n` for numbers, `p2` to leave it out on a phone, `l2` for the second line there. */
export interface Column<Row> {
  head: string;
  className?: string;
  cell(row: Row): ReactNode;
}

interface RowsProps<Row, Page> {
  list: UseInfiniteQueryResult<InfiniteData<Page>>;
  rowsOf(page: Page): readonly Row[];
  columns: readonly Column<Row>[];
  keyOf(row: Row): string;
  /** What stands there when there is no row. */
  none: ReactNode;
  /** Names the number of rows on the button that shows more: `50 rows`. Absent: it says no number. */
  say?(rows: number): string;
  className?: string;
  isMarked?(row: Row): boolean;
}

/** A list that is read page by page: its rows, what went wrong, and a button that shows more. */
export function Rows<Row, Page>({ list, rowsOf, say, ...table }: RowsProps<Row, Page>) {
  const rows = list.data?.pages.flatMap(rowsOf);
  return (
    <>
      {list.error !== null && <Failure error={list.error} retry={() => list.refetch()} />}
      <Table {...table} rows={rows} />
      {list.hasNextPage && (
        <button
          type="button"
          className="btn start"
          onClick={() => list.fetchNextPage()}
          disabled={list.isFetchingNextPage}
        >
          {say === undefined ? 'Show more' : `${say(rows?.length ?? 0)} shown; show more`}
        </button>
      )}
    </>
  );
}

interface TableProps<Row> extends Pick<RowsProps<Row, never>, 'columns' | 'keyOf' | 'none' | 'className' | 'isMarked'> {
  /** undefined: they are not read yet. */
  rows: readonly Row[] | undefined;
}

export function Table<Row>({ rows, columns, keyOf, none, className = 'stk', isMarked }: TableProps<Row>) {
  return (
    <table className={className}>
      <thead>
        <tr>
          {columns.map(({ head, className: column }) => (
            <th key={head} scope="col" className={column?.split(' ').includes('n') === true ? 'n' : ''}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows?.map((row) => (
          <tr key={keyOf(row)} className={isMarked?.(row) === true ? 'on' : ''}>
            {columns.map(({ head, className: column, cell }) => (
              <td key={head} className={column}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
        {rows?.length === 0 && (
          <tr>
            <td colSpan={columns.length} className="mut">
              {none}
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}
