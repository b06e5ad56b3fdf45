import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { undashed } from '../../lib/uuid.ts';
import type { Refusal } from '../expand/expand-named.ts';
import { countListedRefusals } from '../ledger/lists/listed-refusals.ts';
import { canariesOf } from '../ledger/pace/starts.ts';
import type { PastReplay } from '../plan/replay-filter.ts';
import type { Schedule } from '../plan/schedule.ts';
import { lanes } from '../plan/send-plan.ts';
import type { SendStatus } from '../plan/states.ts';
import { type DispatchState, isGivenUp } from '../plan/states.ts';
import { campaignMembers } from './campaign-members.ts';
import type { CountedDispatch, Counter, CountRow } from './counts.ts';
import { findOwnLimits } from './own-limits.ts';
import { scheduleMember } from './schedule.ts';
import { type Asking, isTried, missingWorker, standingFailure } from './waits/waits.ts';

export interface DispatchRow extends CountedDispatch {
  finished_at: Date | null;
  cancelled_at: Date | null;
  expanded_at: Date | null;
  refusals: Refusal[];
  campaign_id: string | null;
  send_id: string | null;
  failure: string | null;
  segment_id: string | null;
  replays: PastReplay[];
  waits_for: string[] | null;
  schedule: Schedule | null;
}

/** null: this workspace has no such dispatch. */
export function findDispatch(db: Db, workspaceId: number, dispatchId: string): Promise<DispatchRow | null> {
  return db.maybeOne<DispatchRow & Record<string, unknown>>(sql`
    select id, state, lane, accepted_at, finished_at, cancelled_at, expanded_at, open_tasks, targeted, counts,
           refusals, campaign_id, segment_id, send_id, failure, waits_for, replays, schedule
      from dispatches
     where id = ${dispatchId} and workspace_id = ${workspaceId}`);
}

export interface ChannelCounts {
  recipients: number;
  attempts: number;
  /** Calls that ended without the message accepted. A call that failed by our own fault is in neither number. */
  attempts_failed: number;
  attempts_in_flight: number;
  /** Number of sends by reason, or by status if there is no reason. Pending sends with a reason are `held`. */
  [outcome: string]: number;
}

/** Adds sends of one outcome to the counts of their channel. */
export function countOutcome(
  channels: Record<string, ChannelCounts>,
  {
    channel,
    status,
    reason,
    count,
    attempts,
    attempts_failed,
    attempts_in_flight,
  }: Omit<CountRow, 'status'> & { status: string },
): void {
  const counts = channels[channel] ?? { recipients: 0, attempts: 0, attempts_failed: 0, attempts_in_flight: 0 };
  counts.recipients += count;
  counts.attempts += attempts;
  counts.attempts_failed += attempts_failed;
  counts.attempts_in_flight += attempts_in_flight;
  const outcome = status === 'pending' && reason !== null ? 'held' : (reason ?? status);
  counts[outcome] = (counts[outcome] ?? 0) + count;
  channels[channel] = counts;
}

/**
 * State, counts and timings of one dispatch. `expanded_at`: when the last person of a broadcast's audience was counted.
 * `counted_at`: when the sends of a large running dispatch were counted; absent: just now. `isInHaste`: it does not wait for
 * the counts of a large one that is over, either. Once the dispatch is
 * finished, `targeted = recipients + unknown_user + duplicate + not_in_segment + not_in_audience`, and per channel
 * `recipients` is the sum of `sent` and every reason. Source: eligibility.md §7.
 */
export async function describeDispatch(
  db: Db,
  counter: Counter,
  dispatch: DispatchRow,
  { isInHaste, ...asking }: Asking & { isInHaste: boolean },
): Promise<object> {
  const { rows, countedAt } = await counter(dispatch, isInHaste ? 'little' : 'exact');
  const refused = await refusedOf(db, dispatch);
  const canaries = dispatch.lane === lanes.broadcast ? await canariesOf(db, dispatch.id) : [];
  const channels: Record<string, ChannelCounts> = {};
  const missing = await missingWorker(db, dispatch);
  const missed = missing === null || missing.isStarting ? null : missing.why;
  const failures = [missed, standingFailure(dispatch)].filter((why) => why !== null);
  const starting = missing?.isStarting === true ? [{ channel: null, why: missing.why, until: null }] : [];
  const waits = [...starting, ...(await ownWaits(db, dispatch, { rows, asking }))];
  for (const row of rows) countOutcome(channels, corrected(row, dispatch.state));
  return {
    dispatch_id: undashed(dispatch.id),
    ...(dispatch.send_id !== null && { send_id: dispatch.send_id }),
    ...campaignMembers(dispatch.campaign_id, asking.workspace),
    ...(dispatch.segment_id !== null && { segment_id: dispatch.segment_id }),
    state: dispatch.state,
    ...scheduleMember(dispatch.id, dispatch.schedule),
    accepted_at: dispatch.accepted_at,
    finished_at: dispatch.finished_at ?? dispatch.cancelled_at,
    ...(failures.length > 0 && { failure: failures.join('; ') }),
    ...(waits.length > 0 && { waits }),
    ...(dispatch.lane === lanes.broadcast && { expanded_at: dispatch.expanded_at }),
    ...(countedAt !== null && { counted_at: countedAt }),
    counts: { targeted: dispatch.targeted, recipients: recipientsOf(dispatch, refused), ...refused },
    channels,
    ...heldMember(rows, dispatch.state),
    ...canaryMember(canaries),
    ...(dispatch.replays.length > 0 && { replays: dispatch.replays.map(replayFrom) }),
    message: 'success',
  };
}

/** The limits of our own that keep messages of the dispatch waiting, by channel. */
async function ownWaits(
  db: Db,
  { id, state }: DispatchRow,
  { rows, asking }: { rows: readonly CountRow[]; asking: Asking },
): Promise<object[]> {
  const open = rows.filter(({ status }) => status === 'pending' || status === 'sending');
  if (open.length === 0 || !isTried(state)) return [];
  const { pace, quota } = await findOwnLimits(db, id, asking);
  return [...Map.groupBy(open, ({ channel }) => channel)].flatMap(([channel, theirs]) => {
    const isBegun = theirs.every(({ status }) => status === 'sending');
    return [isBegun ? undefined : pace.get(channel), quota.get(channel)].flatMap((wait) =>
      wait === undefined ? [] : { channel, ...wait },
    );
  });
}

/** `attempts`: those before the replay, which the channels do not count any more. */
function replayFrom({ at, filter, recipients, attempts }: PastReplay): object {
  const { statuses, channels, codes } = filter;
  const by = { statuses, ...(channels !== null && { channels }), ...(codes !== null && { codes }) };
  return { at, by, recipients, attempts };
}

/** What quiet hours hold, and when the first and the last of it go. */
function heldMember(rows: readonly CountRow[], state: DispatchState): { held?: object } {
  const held = rows.filter(({ status, reason }) => status === 'pending' && reason === 'quiet_hours');
  const messages = held.reduce((sum, { count }) => sum + count, 0);
  if (messages === 0 || isGivenUp(state)) return {};
  const times = held
    .flatMap(({ first_due, last_due }) => [first_due, last_due])
    .flatMap((at) => (at ? [new Date(at)] : []));
  times.sort((one, other) => one.getTime() - other.getTime());
  return { held: { messages, first_until: times.at(0) ?? null, last_until: times.at(-1) ?? null } };
}

/** Of a dispatch with a canary: what became of it, and how many messages were begun, by channel. */
function canaryMember(canaries: Awaited<ReturnType<typeof canariesOf>>): { canary?: object } {
  if (canaries.length === 0) return {};
  return {
    canary: Object.fromEntries(canaries.map(({ channel, canary: state, started }) => [channel, { state, started }])),
  };
}

type Refused = ReturnType<typeof tally>;

/** Number of people refused before any channel, by reason. Those of a list are stored apart. */
async function refusedOf(db: Db, { id, lane, refusals }: DispatchRow): Promise<Refused> {
  const refused = tally(refusals);
  if (lane !== lanes.broadcast) return refused;
  for (const { reason, count } of await countListedRefusals(db, id)) refused[reason] += count;
  return refused;
}

function recipientsOf({ targeted }: DispatchRow, refused: Refused): number | null {
  if (targeted === null) return null;
  return targeted - Object.values(refused).reduce((sum, count) => sum + count, 0);
}

export function tally(refusals: readonly Refusal[]): Record<Refusal['reason'], number> {
  const counts = { unknown_user: 0, duplicate: 0, not_in_segment: 0, not_in_audience: 0 };
  for (const { reason } of refusals) counts[reason] += 1;
  return counts;
}

/** Corrects counts that are older than the moment when the dispatch was given up. */
export function corrected<Row extends { status: SendStatus; reason: string | null }>(
  row: Row,
  state: DispatchState,
): Row {
  if (row.status !== 'pending' || !isGivenUp(state)) return row;
  return { ...row, status: 'cancelled', reason: 'cancelled' };
}
