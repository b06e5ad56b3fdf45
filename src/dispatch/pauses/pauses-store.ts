import { INTERNAL_ERROR, OUR_ERROR } from '../../channels/outcome.ts';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { announceTasks } from '../../queue/new-tasks.ts';
import { hurryTasks } from '../../queue/task-ends.ts';
import { endWaits, listLive, noteWait } from '../ledger/dispatches/dispatches.ts';
import { releaseHeld } from '../ledger/stopped-sends.ts';
import { appIdOf, groupIdOf, type Subject, waitFor } from './subject.ts';

/**
 * - `config_error`: the provider or relay does not accept our settings.
 * - `guard`: so many tokens were called bad that our settings are likely wrong, so none of these answers is believed.
 * - `slow_down`: the provider wants nothing of this app for a while, as when its quota is used up.
 * - `unreachable`: the relay does not answer.
 */
export type PauseCause = 'config_error' | 'guard' | 'slow_down' | 'unreachable';

/** A subject that is not called at present, by any process. */
export interface Pause {
  workspaceId: number;
  subject: Subject;
  cause: PauseCause;
  /** The provider's or relay's own word. */
  reason: string;
  /** The digest of the settings that it was paused with. */
  settings: string;
  since: Date;
  /** When the next probe may be made. */
  probeAt: Date;
  /** Number of probes made for this cause. */
  probes: number;
}

export type PauseKey = Pick<Pause, 'workspaceId' | 'subject'>;

/** Age of a dispatch at which all its sends have expired, in milliseconds. */
const OLDEST_LIVE_MS = 35 * 86_400_000;

/** The notification channel for changes of pauses. */
export const PAUSES_CHANNEL = 'pauses';

export async function listPauses(db: Db): Promise<Pause[]> {
  return db.query<Pause & Record<string, unknown>>(sql`
    select workspace_id as "workspaceId", subject, cause, reason, encode(settings, 'hex') as settings, since,
           probe_at as "probeAt", probes
      from pauses`);
}

/**
 * The pauses of a workspace that keep messages from going out at `now`. The rest that a provider wanted is over at its time,
 * although its pause is stored until the next message has shown that the provider takes messages again.
 */
export async function standingPauses(db: Db, workspaceId: number, now: Date): Promise<Pause[]> {
  const pauses = await listPauses(db);
  return pauses.filter((one) => one.workspaceId === workspaceId && (one.cause !== 'slow_down' || one.probeAt > now));
}

/**
 * Those of these subjects that are paused, as keys of `keyOf`. They stay paused until the transaction has ended, so what it
 * sets aside for them is there to be released by `endPause`.
 */
export async function lockPauses(tx: Db, keys: readonly PauseKey[]): Promise<Set<string>> {
  const rows = await tx.query<PauseKey & Record<string, unknown>>(sql`
    select p.workspace_id as "workspaceId", p.subject
      from pauses p
      join unnest(${keys.map(({ workspaceId }) => workspaceId)}::bigint[], ${keys.map(({ subject }) => subject)}::text[])
             as k(workspace_id, subject) on p.workspace_id = k.workspace_id and p.subject = k.subject
       for share of p`);
  return new Set(rows.map(keyOf));
}

/** A key for maps of subjects. */
export function keyOf({ workspaceId, subject }: PauseKey): string {
  return `${workspaceId}/${subject}`;
}

/** Pauses a subject in all processes. One that is paused stays as it is. True: it was open. */
export async function storePause(db: Db, { workspaceId, subject, cause, reason, ...rest }: Pause): Promise<boolean> {
  const paused = await db.query(sql`
    with paused as (
      insert into pauses (workspace_id, subject, cause, reason, settings, since, probe_at, probes)
      values (${workspaceId}, ${subject}, ${cause}, ${reason}, decode(${rest.settings}, 'hex'), ${rest.since},
              ${rest.probeAt}, ${rest.probes})
          on conflict (workspace_id, subject) do nothing
      returning subject
    )
    select pg_notify(${PAUSES_CHANNEL}, subject) from paused`);
  return paused.length > 0;
}

/** Stores what a probe has shown while the subject stays paused. */
export async function storeProbe(
  db: Db,
  { workspaceId, subject, cause, reason, probeAt, probes }: Omit<Pause, 'settings' | 'since'>,
): Promise<void> {
  await db.query(sql`
    with probed as (
      update pauses
         set cause = ${cause}, reason = ${reason}, probe_at = ${probeAt}, probes = ${probes}
       where workspace_id = ${workspaceId} and subject = ${subject}
      returning subject
    )
    select pg_notify(${PAUSES_CHANNEL}, subject) from probed`);
}

/** True for a single process, which may probe once. The next probe may be made at `next`. */
export async function claimProbe(db: Db, { workspaceId, subject }: PauseKey, now: Date, next: Date): Promise<boolean> {
  const claimed = await db.run(sql`
    update pauses
       set probe_at = ${next}, probes = probes + 1
     where workspace_id = ${workspaceId} and subject = ${subject} and probe_at <= ${now}`);
  return claimed > 0;
}

/**
 * Ends a pause and makes everything due that waited for it. `settings`: ends it only if it was begun with the settings
 * of this digest. null: with any settings. True: the subject was paused.
 */
export async function endPause(
  tx: Db,
  { workspaceId, subject }: PauseKey,
  settings: string | null,
  now: Date,
): Promise<boolean> {
  const ended = await tx.run(sql`
    delete from pauses
     where workspace_id = ${workspaceId} and subject = ${subject}
       and (${settings}::text is null or encode(settings, 'hex') = ${settings})`);
  if (ended === 0) return false;
  const appId = appIdOf(subject);
  if (appId !== null) {
    const dispatchIds = await listLive(tx, workspaceId, new Date(now.getTime() - OLDEST_LIVE_MS));
    await releaseHeld(tx, { dispatchIds, appId, now });
  }
  await endWaits(tx, workspaceId, waitFor(subject));
  await wakeTasks(tx, workspaceId, now);
  await tx.run(sql`select pg_notify(${PAUSES_CHANNEL}, '')`);
  return true;
}

/** Makes the waiting tasks of a workspace look at once whether they can go on. */
export async function wakeTasks(tx: Db, workspaceId: number, now: Date): Promise<void> {
  await hurryTasks(tx, workspaceId, now);
  await announceTasks(tx, null);
}

/** Stores in a dispatch why it waits. `nameOf`: the name of an app or group. */
export async function explainWait(db: Db, dispatchId: string, pauses: readonly Pause[], nameOf: NameOf): Promise<void> {
  if (pauses.length === 0) return;
  const waitsFor = [...new Set(pauses.map(({ subject }) => waitFor(subject)))].sort();
  await noteWait(db, dispatchId, { waitsFor, failure: whyItWaits(pauses, nameOf) });
}

/** The name of an app or a subscription group by its id. undefined: it is not known. */
export type NameOf = (id: string) => string | undefined;

/** One sentence for all pauses that something waits for. */
export function whyItWaits(pauses: readonly Pause[], nameOf: NameOf): string {
  const explained = pauses.map((pause) =>
    explanationOf(pause, nameOf(appIdOf(pause.subject) ?? groupIdOf(pause.subject) ?? '')),
  );
  return `${explained.join('; ')}; what waits goes out once it does`;
}

const said = {
  config_error: 'does not accept our settings',
  guard: 'does not accept our settings',
  slow_down: 'wants no more messages for a while',
  unreachable: 'does not answer',
} satisfies Record<PauseCause, string>;

/** One sentence for operators. `name`: the name of the paused app or group, if it is one. */
export function explanationOf({ subject, cause, reason, probeAt }: Pause, name?: string): string {
  if (subject.startsWith('relay ')) return `mail ${subject} ${said[cause]} (${reason})`;
  const until = cause === 'slow_down' ? `, until ${probeAt.toISOString()}` : '';
  const groupId = groupIdOf(subject);
  const what = groupId === null ? 'app' : 'subscription group';
  const shown = name === undefined ? ` ${groupId ?? appIdOf(subject)}` : ` "${name}" (${groupId ?? appIdOf(subject)})`;
  if (reason === INTERNAL_ERROR) return `${what}${shown}: its provider cannot be called: ${OUR_ERROR}`;
  return `${what}${shown}: its provider ${said[cause]} (${reason}${until})`;
}
