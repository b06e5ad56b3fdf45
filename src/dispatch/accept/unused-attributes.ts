import { leavesOf } from '../../audience/context.ts';
import type { Filter } from '../../audience/grammar/filter.ts';
import { didYouMean } from '../../lib/raw/did-you-mean.ts';
import { shown } from '../../lib/raw/json.ts';
import type { StoredThings } from '../plan/stored-things.ts';

/** The filter of an audience or segment. `prefix`: what its warnings begin with, before the path of the filter. */
export interface GivenFilter {
  prefix: string;
  filter: Filter | null;
}

/** Most attributes that are looked up. */
const MOST_NAMES = 50;

/** One sentence for each filter by a custom attribute that nobody ever had. It finds nobody, or everybody. */
export async function warningsOfUnused(
  filters: readonly GivenFilter[],
  workspaceId: number,
  { findUnused }: Pick<StoredThings, 'findUnused'>,
): Promise<string[]> {
  const named = filters.flatMap(({ prefix, filter }) =>
    leavesOf(filter).flatMap((leaf) =>
      leaf.kind === 'custom_attribute' || leaf.kind === 'nested_custom_attribute'
        ? [{ at: `${prefix}${leaf.path}`, name: leaf.name }]
        : [],
    ),
  );
  const names = [...new Set(named.map(({ name }) => name))].slice(0, MOST_NAMES);
  if (names.length === 0) return [];
  const unused = await findUnused(workspaceId, names);
  return named.flatMap(({ at, name }) => {
    const meant = unused.get(name);
    if (meant === undefined) return [];
    return [`${at}: nobody ever had a custom attribute "${shown(name)}"${didYouMean(meant)}`];
  });
}
