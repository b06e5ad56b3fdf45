import type { Database } from '../db/database.ts';
import { joinSql, raw, type Sql, sql } from '../db/sql.ts';
import { elementPath } from '../lib/raw/json.ts';
import type { WorkspaceCatalog } from '../workspace/catalog.ts';
import { compile } from './compile/compile.ts';
import { leavesOf } from './context.ts';
import type { Filter } from './grammar/filter.ts';
import { estimateProfiles, withinTimeLimit } from './time-limit.ts';

/** Most filters that are left out at a time. */
export const MOST_LEFT_OUT = 12;

/** A filter or group within another, and what the whole is without it. null: it describes everybody then. */
export interface LeftOut {
  /** Its position, such as `filter.AND[1]`. That of a NOT is where it stands, and not what it holds. */
  path: string;
  part: Filter;
  without: Filter | null;
}

/** Every filter and group but the outermost group, in reading order, each left out in turn. */
export function leaveEachOut(filter: Filter, path: string): LeftOut[] {
  return partsOf(filter, path, (instead) => instead);
}

/** `around`: the whole filter with another in the place of this one; null: with nothing there. */
function partsOf(
  filter: Filter,
  path: string,
  around: (instead: Filter | null) => Filter | null,
  isWhole = true,
): LeftOut[] {
  const own = isWhole && isGroup(filter) ? [] : [{ path, part: filter, without: around(null) }];
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const { kind, filters } = filter;
      const at = `${path}.${kind === 'and' ? 'AND' : 'OR'}`;
      const inner = filters.flatMap((one, index) => {
        const within = (instead: Filter | null) =>
          around(groupOf(kind, [...filters.slice(0, index), instead, ...filters.slice(index + 1)]));
        return partsOf(one, elementPath(at, index), within, false);
      });
      return [...own, ...inner];
    }
    case 'not': {
      const within = (instead: Filter | null) => around(instead && { kind: 'not', filter: instead });
      // Without what it holds, a NOT is nothing: the two are one.
      return [...own, ...partsOf(filter.filter, `${path}.NOT`, within, false).slice(1)];
    }
    default:
      return own;
  }
}

function isGroup({ kind }: Filter): boolean {
  return kind === 'and' || kind === 'or';
}

/** A group that has nothing left is nothing. */
function groupOf(kind: 'and' | 'or', filters: readonly (Filter | null)[]): Filter | null {
  const left = filters.filter((one) => one !== null);
  return left.length === 0 ? null : { kind, filters: left };
}

export interface LeftOutCounts {
  /** Everybody in the workspace. */
  everybody: number;
  /** People who fit the whole filter. */
  count: number;
  /** `alone`: how many fit this filter or group alone. `without`: how many fit without it. */
  parts: { path: string; alone: number; without: number }[];
}

/**
 * Counts whom a filter describes, and whom without each of these parts. One scan asks each filter once for each person, so
 * the numbers fit together, and a filter costs the same however many parts hold it. Throws AudienceTooExpensive.
 */
export async function countLeftOut(
  db: Database,
  filter: Filter,
  parts: readonly LeftOut[],
  { workspace, now }: { workspace: WorkspaceCatalog; now: Date },
): Promise<LeftOutCounts> {
  const leaves = leavesOf(filter);
  const columns = new Map<Filter, Sql>(leaves.map((leaf, index) => [leaf, raw(`f${index}`)]));
  const asked = leaves.map((leaf) => sql`${compile(leaf, { workspace, now })} as ${columnOf(columns, leaf)}`);
  const countOf = (one: Filter | null) =>
    one === null ? sql`count(*)` : sql`count(*) filter (where ${combined(one, columns)})`;
  const counts = [null, filter, ...parts.flatMap(({ part, without }) => [part, without])].map(countOf);
  // Without `offset`, the planner would put each filter into each of the counts.
  const query = sql`
    select to_json(array[${joinSql(counts)}]) as counts
      from (select ${joinSql(asked)} from profiles p where p.workspace_id = ${workspace.id} offset 0) as looked`;
  const row = await withinTimeLimit(db, await estimateProfiles(db), (tx) => tx.one<{ counts: number[] }>(query));
  const [everybody = 0, count = 0, ...rest] = row.counts;
  const of = (index: number) => ({ alone: rest[2 * index] ?? 0, without: rest[2 * index + 1] ?? 0 });
  return { everybody, count, parts: parts.map(({ path }, index) => ({ path, ...of(index) })) };
}

function combined(filter: Filter, columns: ReadonlyMap<Filter, Sql>): Sql {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const word = filter.kind === 'and' ? ' and ' : ' or ';
      return sql`(${joinSql(
        filter.filters.map((one) => combined(one, columns)),
        word,
      )})`;
    }
    case 'not':
      return sql`(not ${combined(filter.filter, columns)})`;
    default:
      return columnOf(columns, filter);
  }
}

function columnOf(columns: ReadonlyMap<Filter, Sql>, leaf: Filter): Sql {
  const column = columns.get(leaf);
  if (column === undefined) throw new Error('a filter has no column');
  return column;
}
