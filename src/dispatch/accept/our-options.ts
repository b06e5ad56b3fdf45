import { RequestError } from '../../errors.ts';
import type { RawObject } from '../../lib/raw/json.ts';
import { readFlag } from '../../lib/raw/lenient.ts';
import { ObjectReader } from '../../lib/raw/object-reader.ts';
import { integer, type Shape } from '../../lib/raw/shape.ts';
import type { WatchedReader } from '../../lib/raw/watched-reader.ts';
import { quietWindows } from '../../workspace/rules/quiet-hours.ts';
import { canaryShape, paceShape } from '../plan/pace.ts';
import { deliveryModes, type SendPlan } from '../plan/send-plan.ts';

/** What a request may say of how it is sent, beyond what the original knows. It becomes part of the plan. */
export type PlanOptions = Pick<SendPlan, 'delivery' | 'quietHours' | 'ignoresWorkspaceQuietHours' | 'pace' | 'canary'>;

/** The members of `cresset`. */
export const ourMembers: readonly string[] = ['dry_run', 'delivery', 'quiet_hours', 'pace', 'canary'];

const quietHoursShape = quietWindows('hold');

/** The member of `cresset` that only sends have, which are counted as they are accepted. */
export const AT_MOST = 'at_most';
const MOST_PEOPLE = 1_000_000_000;

interface OurOptions {
  dryRun: boolean;
  /** Most people that a broadcast may be for. null: any number. */
  atMost: number | null;
  options: PlanOptions;
}

const atMostShape = integer(1, MOST_PEOPLE);

/** Reads `cresset`, our own options, and `ignore_workspace_quiet_hours`. */
export function readOurOptions(body: WatchedReader, more: readonly (typeof AT_MOST)[] = []): OurOptions {
  const given = body.rawObject('cresset');
  if (given !== undefined) return readGiven(given, body, more);
  return ignoresWorkspace(body) ? { ...usual, options: { ...usual.options, ...IGNORES } } : usual;
}

/** Those of a request that says nothing of them, as nearly all do. */
const usual: OurOptions = { dryRun: false, atMost: null, options: { delivery: 'at_least_once' } };
const IGNORES = { ignoresWorkspaceQuietHours: true } as const;

function ignoresWorkspace(body: WatchedReader): boolean {
  return body.scalar('ignore_workspace_quiet_hours', readFlag) ?? false;
}

function readGiven(given: RawObject, body: WatchedReader, more: readonly (typeof AT_MOST)[]): OurOptions {
  const known = [...ourMembers, ...more];
  const ours = new ObjectReader(given, 'cresset', body.problems);
  for (const key of ours.unknown(known)) ours.refuse(key, `unknown member; ${known.join(', ')} are known`);
  const read = <T>(key: string, shape: Shape<T>): T | undefined =>
    ours.has(key) ? shape(ours.get(key), ours.at(key), body.problems) : undefined;
  const quietHours = read('quiet_hours', quietHoursShape);
  const pace = read('pace', paceShape);
  const canary = read('canary', canaryShape);
  const isIgnoring = ignoresWorkspace(body);
  return {
    dryRun: ours.scalar('dry_run', readFlag) ?? false,
    atMost: (known.includes(AT_MOST) ? read(AT_MOST, atMostShape) : undefined) ?? null,
    options: {
      delivery: ours.word('delivery', deliveryModes) ?? 'at_least_once',
      ...(quietHours && { quietHours }),
      ...(pace && { pace }),
      ...(canary && { canary }),
      ...(isIgnoring && IGNORES),
    },
  };
}

/** A canary is a part of an audience, so named people have none. Throws RequestError. */
export function checkCanary({ canary }: PlanOptions, isBroadcast: boolean): void {
  if (canary === undefined || isBroadcast) return;
  throw new RequestError('bad_request', ['cresset.canary: needs a broadcast, because it is a part of an audience']);
}

/** Named people are as many as are named. Throws RequestError. */
export function checkCounted(atMost: number | null, isBroadcast: boolean): void {
  if (atMost === null || isBroadcast) return;
  throw new RequestError('bad_request', [
    `cresset.${AT_MOST}: needs a broadcast, because named people are counted already`,
  ]);
}
