import { refusingExpensive } from '../../../audience/time-limit.ts';
import type { ContentDesk } from '../../../connected-content/desk.ts';
import type { PinnedContent } from '../../../content/pins.ts';
import type { Database } from '../../../db/database.ts';
import { ItemShelf } from '../../../item-catalogs/shelf.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { RawObject } from '../../../lib/raw/json.ts';
import { Problems } from '../../../lib/raw/problems.ts';
import { dashedV7 } from '../../../lib/uuid.ts';
import { loadRecipients } from '../../../people/profile/facts.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { candidateFor, type Decided, decideAll, renderedOf } from '../../admit/candidates.ts';
import { readSlots } from '../../admit/cap-ledger.ts';
import type { LinkMaker } from '../../admit/compose.ts';
import { composeAll } from '../../admit/compose-all.ts';
import { verdictOf } from '../../admit/decision.ts';
import type { TrackerMaker } from '../../admit/trackers.ts';
import type { NamedRecipient } from '../../expand/expand-named.ts';
import { type LoadedDispatch, prepare } from '../../plan/loaded-dispatch.ts';
import { remarkMembers, type SendRemarks } from '../../plan/remarks.ts';
import { firingTime, type Schedule } from '../../plan/schedule.ts';
import { isBroadcast, type SendPlan } from '../../plan/send-plan.ts';
import { compilePlan } from '../../plan/templates.ts';
import { findAudience, findNamed } from '../find-targeted.ts';
import { verdictOfRefusal } from '../recipients.ts';
import { type ChannelCounts, countOutcome, tally } from '../verdicts.ts';
import { type Moment, type Moments, momentsOf } from './rehearsed-times.ts';

/** Number of people of a broadcast who are looked at one by one. The number targeted is exact all the same. */
export const LOOKED_AT = 500;
const SAMPLES = 10;
/** Time for composing messages, with pauses. People for whom there is none are not looked at. */
const MOST_COMPOSING_MS = 5_000;

/** Answers who would get which message when it is due, and why not, without sending or storing anything. */
export type DryRun = (asked: Asked) => Promise<object>;

export interface Asked {
  plan: SendPlan;
  /** The stored content that the plan pins. */
  content: PinnedContent;
  workspace: WorkspaceCatalog;
  remarks: SendRemarks;
  /** When it would be sent. Absent: at once. */
  schedule?: Schedule;
}

export interface DryRunDeps {
  db: Database;
  clock: Clock;
  links: LinkMaker;
  trackers: TrackerMaker;
  /** Makes the calls of templates, as when the messages are sent. */
  desk: ContentDesk;
}

export function createDryRun(deps: DryRunDeps): DryRun {
  return async (asked) => {
    const { plan, remarks, schedule } = asked;
    const now = startOf(schedule, deps.clock.now());
    const dispatch = rehearse(asked, now);
    const { targeted, people, refusals, moments } = await refusingExpensive(async () => {
      const found = isBroadcast(plan)
        ? await findAudience(deps.db, dispatch, { now, most: LOOKED_AT })
        : await findNamed(deps.db, dispatch, now);
      return { ...found, moments: await momentsOf(deps.db, dispatch, found.people, now) };
    });
    const verdicts = await judge(deps, dispatch, { people, listed: new Map(), moments }, now);
    return answerOf({
      ...{ targeted, refused: tally(refusals), refusals: refusals.map(verdictOfRefusal) },
      ...{ verdicts, remarks },
    });
  };
}

/** When the dispatch would begin: at once, or when its schedule fires. */
function startOf(schedule: Schedule | undefined, now: Date): Date {
  return schedule === undefined ? now : firingTime(schedule, now);
}

/** What a dry run has found. */
export interface Found {
  targeted: number;
  refused: ReturnType<typeof tally>;
  /** The refused people who are shown. */
  refusals: readonly object[];
  verdicts: readonly Judged[];
  remarks: SendRemarks;
}

export function answerOf({ targeted, refused, refusals, verdicts, remarks }: Found): object {
  return {
    dry_run: true,
    counts: {
      targeted,
      looked_at: new Set(verdicts.map(({ verdict }) => verdict.braze_id)).size,
      ...refused,
    },
    channels: count(verdicts),
    recipients: [...refusals, ...verdicts.map(({ verdict }) => verdict)],
    samples: verdicts.flatMap(({ sample }) => sample ?? []).slice(0, SAMPLES),
    message: 'success',
    ...remarkMembers(remarks),
  };
}

/** The dispatch that a request would become. `now`: when it begins. */
export function rehearse({ plan, content, workspace, schedule }: Asked, now: Date): LoadedDispatch {
  const messages = compilePlan(plan, new Problems(), content);
  const row = { id: dashedV7(now), state: 'accepted' as const, accepted_at: now };
  const scheduled = schedule === undefined ? {} : { schedule, fires_at: now };
  return prepare({ ...row, ...scheduled }, workspace, { plan, messages });
}

export interface Judged {
  verdict: {
    braze_id: string | null;
    channel: string;
    status: string;
    reason: string | null;
    detail?: string | null;
    /** The variation that the person would get, as a send has it. */
    message_variation_id?: string;
    /** When the schedule would make the message due. */
    due_at?: Date;
    held_until?: Date | null;
  };
  sample: object | null;
}

/** The people to be judged. */
export interface Judging {
  people: NamedRecipient[];
  /** The own properties of people of a list, by user id. */
  listed: ReadonlyMap<number, RawObject>;
  moments: Moments;
}

/**
 * Decides every channel of every person as the sender would at the moment at which the message would be due. It locks and
 * takes no slot, and writes nothing. `now`: the moment of people who have none of their own.
 */
export async function judge(
  { db, clock, links, trackers, desk }: DryRunDeps,
  dispatch: LoadedDispatch,
  { people, listed, moments }: Judging,
  now: Date,
): Promise<Judged[]> {
  const positions = new Map(people.map(({ userId, position }) => [userId, position]));
  // The answer names everybody by braze id, which is one of the details.
  const needs = { ...dispatch.needs, details: true };
  const { id: workspaceId, blockedAttributes: hidden } = dispatch.workspace;
  const recipients = await loadRecipients(db, { workspaceId, people, needs, hidden });
  const usual: Moment = { at: now, scheduledAt: null, leaving: null };
  const candidates = [...recipients.values()].flatMap((recipient) =>
    [...dispatch.messages.keys()].map((channel) => {
      const { bucket, userId } = recipient;
      const { at, scheduledAt, leaving } = moments.get(userId) ?? usual;
      const key = { bucket, userId, dispatchId: dispatch.id, channel };
      const send = { ...key, taskId: 0, attempts: 0, recipient: positions.get(userId) ?? null, scheduledAt };
      const own = { turn: 'own' as const, listed: listed.get(userId) ?? null };
      return candidateFor(send, dispatch, { ...own, recipient, leaving, now: at });
    }),
  );
  const shelf = new ItemShelf({ db, clock });
  await composeAll(candidates, { links, trackers, mostMs: MOST_COMPOSING_MS, shelf, desk });
  const judged = candidates.filter(({ facts }) => facts.composed?.kind !== 'later' || facts.composed.missing);
  const slotsAt = await readSlots(db, people, now);
  return judged.flatMap((one) => decideAll([one], slotsAt(one.facts.now))).map(judgedFrom);
}

function judgedFrom({ candidate, decision }: Decided): Judged {
  const { facts, send } = candidate;
  const { recipient, address } = facts;
  const ids = {
    external_id: recipient?.person.externalId ?? null,
    braze_id: recipient?.person.brazeId ?? null,
    channel: send.channel,
  };
  const { head, due } = { head: { ...ids, ...variationMember({ candidate, decision }) }, due: dueMember(candidate) };
  if (decision.kind === 'admit')
    return {
      verdict: { ...head, status: 'would_be_sent', reason: null, ...due },
      sample: { ...ids, address, message: renderedOf(candidate) },
    };
  const { status, reason = null, detail = null, dueAt } = verdictOf(decision, address);
  if (status !== 'pending') return { verdict: { ...head, status, reason, detail }, sample: null };
  const held = { status: 'would_be_held', reason, detail, ...due, held_until: dueAt ?? null };
  return { verdict: { ...head, ...held }, sample: null };
}

function variationMember({ candidate: { message }, decision }: Decided): { message_variation_id?: string } {
  const isControl = decision.kind === 'refuse' && decision.reason === 'control_group';
  return isControl || !message.variation ? {} : { message_variation_id: message.variation.id };
}

function dueMember({ dispatch, facts }: Decided['candidate']): { due_at?: Date } {
  return dispatch.schedule === null ? {} : { due_at: facts.now };
}

function count(judged: readonly Judged[]): Record<string, ChannelCounts> {
  const channels: Record<string, ChannelCounts> = {};
  for (const { verdict } of judged) {
    const reason = verdict.status === 'would_be_held' ? null : verdict.reason;
    countOutcome(channels, { ...verdict, reason, count: 1, attempts: 0, attempts_failed: 0, attempts_in_flight: 0 });
  }
  return channels;
}
