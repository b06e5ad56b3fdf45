import { estimateProfiles, refusingExpensive, withinTimeLimit } from '../../audience/time-limit.ts';
import type { Database } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import type { Clock } from '../../lib/clock.ts';
import { Problems } from '../../lib/problems.ts';
import { dashed, v7 } from '../../lib/uuid.ts';
import { loadRecipients, type Recipient } from '../../people/profile/facts.ts';
import type { PersonKey } from '../../people/profile/identify.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { type CapLedger, openCapLedger } from '../admit/cap-ledger.ts';
import { compose, type LinkMaker } from '../admit/compose.ts';
import { admit } from '../admit/gates.ts';
import { drawRoster, type Refusal, resolveAll } from '../expand/expand-named.ts';
import type { PendingSend } from '../ledger/send.ts';
import { type LoadedDispatch, type PreparedMessage, prepare } from '../plan/loaded-dispatch.ts';
import { isBroadcast, type SendPlan } from '../plan/send-plan.ts';
import { targetingOf } from '../plan/targeting.ts';
import { compileMessages } from '../plan/templates.ts';
import { type ChannelCounts, countOutcome, tally, verdictOfRefusal } from './verdicts.ts';

/** Of a broadcast, this many people are looked at one by one; the number targeted is exact all the same. */
const LOOKED_AT = 500;
const SAMPLES = 10;

/** Answers who would get what, and why not, without sending or storing anything. */
export type DryRun = (plan: SendPlan, workspace: WorkspaceCatalog, minors: readonly string[]) => Promise<object>;

export interface DryRunDeps {
  db: Database;
  clock: Clock;
  links: LinkMaker;
}

export function createDryRun(deps: DryRunDeps): DryRun {
  return async (plan, workspace, minors) => {
    const now = deps.clock.now();
    const dispatch = rehearse(plan, workspace, now);
    const cast = await refusingExpensive(() =>
      isBroadcast(plan) ? drawAudience(deps.db, dispatch, now) : drawNamed(deps.db, dispatch, now),
    );
    const verdicts = await judge(deps, dispatch, cast.people, now);
    return {
      dry_run: true,
      counts: { targeted: cast.targeted, looked_at: cast.people.length, ...tally(cast.refusals) },
      channels: count(verdicts),
      recipients: [...cast.refusals.map(verdictOfRefusal), ...verdicts.map(({ verdict }) => verdict)],
      samples: verdicts.flatMap(({ sample }) => sample ?? []).slice(0, SAMPLES),
      message: 'success',
      ...(minors.length > 0 && { errors: minors }),
    };
  };
}

function rehearse(plan: SendPlan, workspace: WorkspaceCatalog, now: Date): LoadedDispatch {
  const messages = compileMessages(plan.messages, new Problems());
  return prepare({ id: dashed(v7(now)), state: 'accepted', accepted_at: now }, workspace, { plan, messages });
}

interface Cast {
  targeted: number;
  people: PersonKey[];
  refusals: Refusal[];
}

async function drawNamed(db: Database, dispatch: LoadedDispatch, now: Date): Promise<Cast> {
  const found = (await resolveAll(db, [dispatch])).get(dispatch.workspace.id) ?? new Map();
  const { recipients, refusals } = await drawRoster(db, dispatch, found, now);
  return { targeted: dispatch.plan.names.length, people: recipients, refusals };
}

async function drawAudience(db: Database, dispatch: LoadedDispatch, now: Date): Promise<Cast> {
  const { inSegment, inAudience } = targetingOf(dispatch, now);
  const rows = await withinTimeLimit(db, await estimateProfiles(db), (tx) =>
    tx.query<{ bucket: number; user_id: number; total: number }>(sql`
    select p.bucket, p.user_id, count(*) over () as total
      from profiles p
     where p.workspace_id = ${dispatch.workspace.id} and (${inSegment}) and (${inAudience})
     order by p.bucket, p.user_id
     limit ${LOOKED_AT}`),
  );
  const people = rows.map(({ bucket, user_id }) => ({ bucket, userId: user_id }));
  return { targeted: rows[0]?.total ?? 0, people, refusals: [] };
}

interface Judged {
  verdict: { channel: string; status: string; reason: string | null };
  sample: object | null;
}

async function judge(deps: DryRunDeps, dispatch: LoadedDispatch, people: PersonKey[], now: Date): Promise<Judged[]> {
  // The answer names everybody by the id that we made, which is one of the details.
  const needs = { ...dispatch.needs, details: true };
  const facts = await loadRecipients(deps.db, { workspaceId: dispatch.workspace.id, people, needs });
  const caps = await readCaps(deps.db, dispatch, people, now);
  return [...facts.values()].flatMap((recipient) =>
    [...dispatch.messages.values()].map((message) => judgeOne(deps, { dispatch, recipient, message, caps, now })),
  );
}

/** The caps as they stand. The locks go at once: a dry run takes no place. */
function readCaps(db: Database, dispatch: LoadedDispatch, people: PersonKey[], now: Date): Promise<CapLedger> {
  const sends = people.map(
    (person) => ({ ...person, dispatchId: dispatch.id, channel: 'email', taskId: 0, attempts: 0 }) as const,
  );
  return db.transaction((tx) => openCapLedger(tx, [...sends], now));
}

interface Question {
  dispatch: LoadedDispatch;
  recipient: Recipient;
  message: PreparedMessage;
  caps: CapLedger;
  now: Date;
}

function judgeOne(deps: DryRunDeps, { dispatch, recipient, message, caps, now }: Question): Judged {
  const { bucket, userId, person } = recipient;
  const send: PendingSend = { bucket, userId, dispatchId: dispatch.id, channel: message.key, taskId: 0, attempts: 0 };
  const head = { external_id: person.externalId, braze_id: person.brazeId, channel: message.key };
  const refuse = (status: string, reason: string | null, detail: string | null = null) => ({
    verdict: { ...head, status, reason, detail },
    sample: null,
  });
  const admission = admit(recipient, message.gate);
  if (!admission.admitted) return refuse('skipped', admission.reason);
  if (caps.isFull(send, dispatch, recipient)) return refuse('skipped', 'frequency_capped');
  const composed = compose({ dispatch, message, recipient, now, links: deps.links });
  if ('verdict' in composed)
    return refuse(composed.verdict.status, composed.verdict.reason ?? null, composed.verdict.detail);
  caps.take(send, dispatch);
  return {
    verdict: { ...head, status: 'would_be_sent', reason: null },
    sample: { ...head, address: admission.address, message: composed.rendered },
  };
}

function count(judged: Judged[]): Record<string, ChannelCounts> {
  const channels: Record<string, ChannelCounts> = {};
  for (const { verdict } of judged) countOutcome(channels, { ...verdict, count: 1, attempts: 0, attempts_failed: 0 });
  return channels;
}
