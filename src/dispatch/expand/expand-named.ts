import { AudienceTooExpensive, TOO_EXPENSIVE } from '../../audience/time-limit.ts';
import type { Database } from '../../db/database.ts';
import { empty, type Sql, sql } from '../../db/sql.ts';
import type { PersonKey } from '../../people/profile/identify.ts';
import { type Opening, openDispatches } from '../ledger/dispatches/dispatches.ts';
import { AUDIENCE_ERRORS, failDispatch } from '../ledger/dispatches/fail-dispatch.ts';
import { insertSends, insertTimedSends } from '../ledger/new-sends.ts';
import { insertRefused, type RefusedPerson } from '../ledger/person/refused-people.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import type { PersonReason } from '../plan/reasons.ts';
import { type RecipientName, recipientKey } from '../plan/send-plan.ts';
import { namedTimes } from './named-times.ts';
import { findOutsiders } from './outsiders.ts';
import { type Resolved, resolveAll } from './resolve-recipients.ts';

/** A named person who is refused before any channel. `detail`: the filter that refused, or whom an address names. */
export interface Refusal extends Pick<RecipientName, 'label' | 'name' | 'by'> {
  reason: PersonReason;
  detail?: string;
}

/** `position`: that of the name whose properties count, if they have properties of their own. null: they have none. */
export interface NamedRecipient extends PersonKey {
  position: number | null;
}

/** The named people who are recipients, and those refused: steps 1 to 4 of eligibility.md §1. */
export interface Roster {
  recipients: NamedRecipient[];
  refusals: Refusal[];
  /** The people among the refused who are not in the segment or audience. */
  outsiders: Omit<RefusedPerson, 'dispatchId'>[];
}

/** Evaluates names, duplicates, segment and audience at one instant. */
export async function evaluateNames(
  db: Database,
  dispatch: LoadedDispatch,
  people: Resolved,
  now: Date,
): Promise<Roster> {
  const refusals: Refusal[] = [];
  const named = new Map<number, Named>();
  for (const [position, planned] of dispatch.plan.names.entries()) {
    const { prioritization: _, ...name } = planned;
    const person = people.get(recipientKey(planned));
    const known = person && named.get(person.userId);
    if (person === undefined) refusals.push({ ...name, ...unknownReason(name) });
    else if (known === undefined) named.set(person.userId, { name, person, position });
    else {
      refusals.push({ ...name, reason: 'duplicate' });
      // The properties of the last of several names of one person count.
      known.position = position;
    }
  }
  const outsiders = await findOutsiders(
    db,
    dispatch,
    [...named.values()].map(({ person }) => person),
    now,
  );
  const roster: Roster = { recipients: [], refusals, outsiders: [] };
  for (const { name, person, position } of named.values()) {
    const outsider = outsiders.get(person.userId);
    if (outsider === undefined) {
      roster.recipients.push({ ...person, position: dispatch.plan.trigger?.own[position] ? position : null });
      continue;
    }
    const { reason, detail } = outsider;
    refusals.push({ ...name, reason, ...(detail !== null && { detail }) });
    roster.outsiders.push({ ...person, reason, detail });
  }
  return roster;
}

interface Named {
  name: RecipientName;
  person: PersonKey;
  position: number;
}

const SHARED = 'nobody has this address, or several people whom prioritization does not narrow down to one';

export function unknownReason({ by }: RecipientName): Pick<Refusal, 'reason' | 'detail'> {
  return { reason: 'unknown_user', ...(by === 'email' && { detail: SHARED }) };
}

/**
 * Writes the sends of newly accepted dispatches that name people, before any is tried. `taskIds`: by dispatch id.
 * Returns the sends written. A dispatch that was cancelled meanwhile has none. One whose audience is too expensive
 * fails as a whole.
 */
export async function expandNamed(
  db: Database,
  dispatches: LoadedDispatch[],
  taskIds: ReadonlyMap<string, number>,
  now: Date,
): Promise<Opened> {
  if (dispatches.length === 0) return { due: [], later: [] };
  const people = await resolveAll(db, dispatches);
  const opened: Opening[] = [];
  const sends: PendingSend[] = [];
  const outsiders: RefusedPerson[] = [];
  const dueAt = new Map<PendingSend, Date>();
  for (const dispatch of dispatches) {
    const roster = await evaluateOrFail(db, dispatch, people.get(dispatch.workspace.id) ?? new Map(), now);
    if (roster === null) continue;
    opened.push({ id: dispatch.id, targeted: dispatch.plan.names.length, refusals: JSON.stringify(roster.refusals) });
    outsiders.push(...roster.outsiders.map((outsider) => ({ ...outsider, dispatchId: dispatch.id })));
    const taskId = taskIds.get(dispatch.id);
    if (taskId === undefined) throw new Error(`dispatch ${dispatch.id} has no task`);
    const times = await namedTimes(db, dispatch, roster.recipients, now);
    for (const { bucket, userId, position } of roster.recipients) {
      const { scheduledAt = null, dueAt: at = null } = times?.get(userId) ?? {};
      for (const channel of dispatch.messages.keys()) {
        const own = position !== null && { recipient: position };
        const send = { bucket, dispatchId: dispatch.id, userId, channel, taskId, attempts: 0, ...own, scheduledAt };
        sends.push(send);
        if (at !== null) dueAt.set(send, at);
      }
    }
  }
  const written = await writeRows(db, { opened, sends, outsiders, dueAt }, now);
  return openedFrom(
    sends.filter(({ dispatchId }) => written.has(dispatchId)),
    dueAt,
    now,
  );
}

/** The sends that were written. */
export interface Opened {
  due: PendingSend[];
  /** When the tasks of the others must look again. */
  later: { taskId: number; at: Date }[];
}

function openedFrom(sends: readonly PendingSend[], dueAt: ReadonlyMap<PendingSend, Date>, now: Date): Opened {
  const opened: Opened = { due: [], later: [] };
  for (const send of sends) {
    const at = dueAt.get(send);
    if (at === undefined || at <= now) opened.due.push(send);
    else opened.later.push({ taskId: send.taskId, at });
  }
  return opened;
}

async function evaluateOrFail(
  db: Database,
  dispatch: LoadedDispatch,
  people: Resolved,
  now: Date,
): Promise<Roster | null> {
  try {
    return await evaluateNames(db, dispatch, people, now);
  } catch (error) {
    if (!(error instanceof AudienceTooExpensive)) throw error;
    await failDispatch(db, { dispatchId: dispatch.id, failure: TOO_EXPENSIVE, category: AUDIENCE_ERRORS, now });
    return null;
  }
}

interface Written {
  opened: readonly Opening[];
  sends: readonly PendingSend[];
  outsiders: readonly RefusedPerson[];
  /** The sends that are not due at once. */
  dueAt: ReadonlyMap<PendingSend, Date>;
}

/**
 * Opens the dispatches and writes their sends, in one statement. Returns the ids of those that were still `accepted`. The
 * parts that few dispatches need are left out when none does, because they cost something even then; so are own times.
 */
async function writeRows(db: Database, { opened, sends, outsiders, dueAt }: Written, now: Date): Promise<Set<string>> {
  const hasOwn = sends.some(({ recipient }) => recipient != null);
  const recipients = hasOwn ? sql`, ${sends.map(({ recipient = null }) => recipient)}::smallint[]` : empty;
  const own = hasOwn ? sql`, recipient` : empty;
  const isTimed = dueAt.size > 0 || sends.some(({ scheduledAt }) => scheduledAt);
  const insert = isTimed ? insertTimedSends : insertSends;
  const times = isTimed ? sql`, s.due_at, s.scheduled_at` : empty;
  const rows = await db.prepared<{ id: string }>(
    `expand_named${outsiders.length > 0 ? '_refused' : ''}${hasOwn ? '_own' : ''}${isTimed ? '_timed' : ''}`,
    sql`
    with opened as (${openDispatches(opened)}
    ), written as (
      ${insert(
        sql`
      select s.bucket, s.dispatch_id, s.user_id, s.channel, ${now}${own}${times}
        from unnest(${sends.map(({ bucket }) => bucket)}::integer[],
                    ${sends.map(({ dispatchId }) => dispatchId)}::uuid[],
                    ${sends.map(({ userId }) => userId)}::bigint[],
                    ${sends.map(({ channel }) => channel)}::text[]${recipients}${isTimed ? timesOf(sends, dueAt) : empty})
             as s(bucket, dispatch_id, user_id, channel${own}${isTimed ? sql`, due_at, scheduled_at` : empty})
        join opened on opened.id = s.dispatch_id`,
        { hasOwn },
      )}
    )${outsiders.length > 0 ? sql`, refused as (${insertRefused(outsiders, sql`opened`)})` : empty}
    select id from opened`,
  );
  return new Set(rows.map(({ id }) => id));
}

function timesOf(sends: readonly PendingSend[], dueAt: ReadonlyMap<PendingSend, Date>): Sql {
  return sql`, ${sends.map((send) => dueAt.get(send) ?? null)}::timestamptz[],
             ${sends.map(({ scheduledAt }) => scheduledAt ?? null)}::timestamptz[]`;
}
