import { slipsOf } from '../../audience/grammar/slips.ts';
import type { TargetingFilters } from '../../audience/targeting.ts';
import type { StoredThings } from '../plan/stored-things.ts';
import { warningsOfUnused } from './unused-attributes.ts';

/** What a send by these filters is warned of: values that nobody can have, and attributes that nobody ever had. */
export async function warningsOfTargets(
  { segment, audience, segmentMember }: TargetingFilters,
  workspaceId: number,
  stored: Pick<StoredThings, 'findUnused'>,
): Promise<string[]> {
  const prefix = segmentMember === 'filter' ? '' : 'segment_id: ';
  const unused = await warningsOfUnused(
    [
      { prefix, filter: segment },
      { prefix: '', filter: audience },
    ],
    workspaceId,
    stored,
  );
  return [...slipsOf(segment).map((slip) => prefix + slip), ...slipsOf(audience), ...unused];
}
