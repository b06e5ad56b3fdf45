import { RequestError } from '../../errors.ts';
import { readFlag } from '../../lib/raw/lenient.ts';
import { ObjectReader } from '../../lib/raw/object-reader.ts';
import type { Shape } from '../../lib/raw/shape.ts';
import type { WatchedReader } from '../../lib/raw/watched-reader.ts';
import { quietWindows } from '../../workspace/rules/quiet-hours.ts';
import { canaryShape, paceShape } from '../plan/pace.ts';
import { deliveryModes, type SendPlan } from '../plan/send-plan.ts';

/** What a request may say of how it is sent, beyond what the original knows. It becomes part of the plan. */
export type PlanOptions = Pick<SendPlan, 'delivery' | 'quietHours' | 'ignoresWorkspaceQuietHours' | 'pace' | 'canary'>;

/** The members of `cresset`. */
export const ourMembers: readonly string[] = ['dry_run', 'delivery', 'quiet_hours', 'pace', 'canary'];

const quietHoursShape = quietWindows('hold');

/** Reads `cresset`, our own options, and `ignore_workspace_quiet_hours`. */
export function readOurOptions(body: WatchedReader): { dryRun: boolean; options: PlanOptions } {
  const ours = new ObjectReader(body.rawObject('cresset') ?? {}, 'cresset', body.problems);
  for (const key of ours.unknown(ourMembers)) ours.refuse(key, `unknown member; ${ourMembers.join(', ')} are known`);
  const read = <T>(key: string, shape: Shape<T>): T | undefined =>
    ours.has(key) ? shape(ours.get(key), ours.at(key), body.problems) : undefined;
  const quietHours = read('quiet_hours', quietHoursShape);
  const pace = read('pace', paceShape);
  const canary = read('canary', canaryShape);
  const ignoresWorkspace = body.scalar('ignore_workspace_quiet_hours', readFlag) ?? false;
  return {
    dryRun: ours.scalar('dry_run', readFlag) ?? false,
    options: {
      delivery: ours.word('delivery', deliveryModes) ?? 'at_least_once',
      ...(quietHours && { quietHours }),
      ...(pace && { pace }),
      ...(canary && { canary }),
      ...(ignoresWorkspace && { ignoresWorkspaceQuietHours: true }),
    },
  };
}

/** A canary is a part of an audience, so named people have none. Throws RequestError. */
export function checkCanary({ canary }: PlanOptions, isBroadcast: boolean): void {
  if (canary === undefined || isBroadcast) return;
  throw new RequestError('bad_request', ['cresset.canary: needs a broadcast, because it is a part of an audience']);
}
