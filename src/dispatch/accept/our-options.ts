import { readFlag } from '../../lib/raw/lenient.ts';
import { ObjectReader } from '../../lib/raw/object-reader.ts';
import type { WatchedReader } from '../../lib/raw/watched-reader.ts';
import { quietWindows } from '../../workspace/rules/quiet-hours.ts';
import { deliveryModes, type SendPlan } from '../plan/send-plan.ts';

/** What a request may say of how it is sent, beyond what the original knows. It becomes part of the plan. */
export type PlanOptions = Pick<SendPlan, 'delivery' | 'quietHours' | 'ignoresWorkspaceQuietHours'>;

/** The members of `cresset`. */
export const ourMembers: readonly string[] = ['dry_run', 'delivery', 'quiet_hours'];

const quietHoursShape = quietWindows('hold');

/** Reads `cresset`, our own options, and `ignore_workspace_quiet_hours`. */
export function readOurOptions(body: WatchedReader): { dryRun: boolean; options: PlanOptions } {
  const ours = new ObjectReader(body.rawObject('cresset') ?? {}, 'cresset', body.problems);
  for (const key of ours.unknown(ourMembers)) ours.refuse(key, `unknown member; ${ourMembers.join(', ')} are known`);
  const quietHours = ours.has('quiet_hours')
    ? quietHoursShape(ours.get('quiet_hours'), ours.at('quiet_hours'), body.problems)
    : undefined;
  const ignoresWorkspace = body.scalar('ignore_workspace_quiet_hours', readFlag) ?? false;
  return {
    dryRun: ours.scalar('dry_run', readFlag) ?? false,
    options: {
      delivery: ours.word('delivery', deliveryModes) ?? 'at_least_once',
      ...(quietHours && { quietHours }),
      ...(ignoresWorkspace && { ignoresWorkspaceQuietHours: true }),
    },
  };
}
