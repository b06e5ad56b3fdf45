import { estimateProfiles, refusingExpensive, withinTimeLimit } from '../../audience/time-limit.ts';
import type { PinnedContent } from '../../content/pins.ts';
import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { ItemShelf } from '../../item-catalogs/shelf.ts';
import type { Clock } from '../../lib/clock.ts';
import { Problems } from '../../lib/raw/problems.ts';
import { dashed, v7 } from '../../lib/uuid.ts';
import { loadRecipients } from '../../people/profile/facts.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { candidateFor, type Decided, decideAll, renderedOf } from '../admit/candidates.ts';
import { readSlots } from '../admit/cap-ledger.ts';
import type { LinkMaker } from '../admit/compose.ts';
import { composeAll } from '../admit/compose-all.ts';
import { verdictOf } from '../admit/decision.ts';
import type { TrackerMaker } from '../admit/trackers.ts';
import { evaluateNames, type NamedRecipient, type Refusal } from '../expand/expand-named.ts';
import { resolveAll } from '../expand/resolve-recipients.ts';
import { type LoadedDispatch, prepare } from '../plan/loaded-dispatch.ts';
import { remarkMembers, type SendRemarks } from '../plan/remarks.ts';
import { isBroadcast, type SendPlan } from '../plan/send-plan.ts';
import { targetingOf } from '../plan/targeting.ts';
import { compilePlan } from '../plan/templates.ts';
import { verdictOfRefusal } from './recipients.ts';
import { type ChannelCounts, countOutcome, tally } from './verdicts.ts';

/** Number of people of a broadcast who are looked at one by one. The number targeted is exact all the same. */
const LOOKED_AT = 500;
const SAMPLES = 10;
/** Time for composing messages, with pauses. People for whom there is none are not looked at. */
const MOST_COMPOSING_MS = 5_000;

/** Answers who would get which message, and why not, without sending or storing anything. */
export type DryRun = (asked: Asked) => Promise<object>;

interface Asked {
  plan: SendPlan;
  /** The stored content that the plan pins. */
  content: PinnedContent;
  workspace: WorkspaceCatalog;
  remarks: SendRemarks;
}

export interface DryRunDeps {
  db: Database;
  clock: Clock;
  links: LinkMaker;
  trackers: TrackerMaker;
}

export function createDryRun(deps: DryRunDeps): DryRun {
  return async (asked) => {
    const { plan, remarks } = asked;
    const now = deps.clock.now();
    const dispatch = rehearse(asked, now);
    const { targeted, people, refusals } = await refusingExpensive(() =>
      isBroadcast(plan) ? findAudience(deps.db, dispatch, now) : findNamed(deps.db, dispatch, now),
    );
    const verdicts = await judge(deps, dispatch, people, now);
    return {
      dry_run: true,
      counts: {
        targeted,
        looked_at: new Set(verdicts.map(({ verdict }) => verdict.braze_id)).size,
        ...tally(refusals),
      },
      channels: count(verdicts),
      recipients: [...refusals.map(verdictOfRefusal), ...verdicts.map(({ verdict }) => verdict)],
      samples: verdicts.flatMap(({ sample }) => sample ?? []).slice(0, SAMPLES),
      message: 'success',
      ...remarkMembers(remarks),
    };
  };
}

function rehearse({ plan, content, workspace }: Asked, now: Date): LoadedDispatch {
  const messages = compilePlan(plan, new Problems(), content);
  return prepare({ id: dashed(v7(now)), state: 'accepted', accepted_at: now }, workspace, { plan, messages });
}

interface Targeted {
  targeted: number;
  /** The targeted people who are looked at. */
  people: NamedRecipient[];
  refusals: Refusal[];
}

async function findNamed(db: Database, dispatch: LoadedDispatch, now: Date): Promise<Targeted> {
  const found = (await resolveAll(db, [dispatch])).get(dispatch.workspace.id) ?? new Map();
  const { recipients, refusals } = await evaluateNames(db, dispatch, found, now);
  return { targeted: dispatch.plan.names.length, people: recipients, refusals };
}

async function findAudience(db: Database, dispatch: LoadedDispatch, now: Date): Promise<Targeted> {
  const { inSegment, inAudience } = targetingOf(dispatch, now);
  const rows = await withinTimeLimit(db, await estimateProfiles(db), (tx) =>
    tx.query<{ bucket: number; user_id: number; total: number }>(sql`
    select p.bucket, p.user_id, count(*) over () as total
      from profiles p
     where p.workspace_id = ${dispatch.workspace.id} and (${inSegment}) and (${inAudience})
     order by p.bucket, p.user_id
     limit ${LOOKED_AT}`),
  );
  const people = rows.map(({ bucket, user_id }) => ({ bucket, userId: user_id, position: null }));
  return { targeted: rows[0]?.total ?? 0, people, refusals: [] };
}

interface Judged {
  verdict: {
    braze_id: string | null;
    channel: string;
    status: string;
    reason: string | null;
    detail?: string | null;
    held_until?: Date | null;
  };
  sample: object | null;
}

/** Decides every channel of every person as the sender would. It locks and takes no slot, and writes nothing. */
async function judge(
  { db, clock, links, trackers }: DryRunDeps,
  dispatch: LoadedDispatch,
  people: NamedRecipient[],
  now: Date,
): Promise<Judged[]> {
  const positions = new Map(people.map(({ userId, position }) => [userId, position]));
  // The answer names everybody by braze id, which is one of the details.
  const needs = { ...dispatch.needs, details: true };
  const { id: workspaceId, blockedAttributes: hidden } = dispatch.workspace;
  const recipients = await loadRecipients(db, { workspaceId, people, needs, hidden });
  const candidates = [...recipients.values()].flatMap((recipient) =>
    [...dispatch.messages.keys()].map((channel) => {
      const { bucket, userId } = recipient;
      const send = {
        bucket,
        userId,
        dispatchId: dispatch.id,
        channel,
        taskId: 0,
        attempts: 0,
        recipient: positions.get(userId) ?? null,
      };
      return candidateFor(send, dispatch, { recipient, turn: 'own', now });
    }),
  );
  await composeAll(candidates, { links, trackers, mostMs: MOST_COMPOSING_MS, shelf: new ItemShelf({ db, clock }) });
  const judged = candidates.filter(({ facts }) => facts.composed?.kind !== 'later');
  return decideAll(judged, await readSlots(db, people, now)).map(judgedFrom);
}

function judgedFrom({ candidate, decision }: Decided): Judged {
  const { facts, send } = candidate;
  const { recipient, address } = facts;
  const head = {
    external_id: recipient?.person.externalId ?? null,
    braze_id: recipient?.person.brazeId ?? null,
    channel: send.channel,
  };
  if (decision.kind === 'admit')
    return {
      verdict: { ...head, status: 'would_be_sent', reason: null },
      sample: { ...head, address, message: renderedOf(candidate) },
    };
  const { status, reason = null, detail = null, dueAt } = verdictOf(decision, address);
  if (status !== 'pending') return { verdict: { ...head, status, reason, detail }, sample: null };
  return { verdict: { ...head, status: 'would_be_held', reason, detail, held_until: dueAt ?? null }, sample: null };
}

function count(judged: Judged[]): Record<string, ChannelCounts> {
  const channels: Record<string, ChannelCounts> = {};
  for (const { verdict } of judged) {
    const reason = verdict.status === 'would_be_held' ? null : verdict.reason;
    countOutcome(channels, { ...verdict, reason, count: 1, attempts: 0, attempts_failed: 0, attempts_in_flight: 0 });
  }
  return channels;
}
