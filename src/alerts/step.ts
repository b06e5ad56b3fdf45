import type { Trouble } from '../dispatch/report/console/troubles.ts';

/** A trouble must last this long before its beginning is told, and be gone this long before its end is, in milliseconds. */
export const STEADY_MS = 60_000;

/** What is told of a trouble. */
export interface Said extends Pick<Trouble, 'severity' | 'subject' | 'title' | 'detail'> {
  /** When it began, as an ISO 8601 text. */
  since: string;
}

/** A trouble that is seen now, or was told of late. */
export interface KnownTrouble {
  trouble: string;
  alertId: string;
  said: Said;
  seenFrom: Date;
  seenAt: Date;
  /** Its beginning was told, and not yet its end. */
  isTold: boolean;
  /** When its beginning was last told. null: never. */
  toldAt: Date | null;
}

/** What operators are to be told. */
export interface Telling {
  alertId: string;
  kind: 'began' | 'over';
  said: Said;
}

export interface Step {
  known: KnownTrouble[];
  tellings: Telling[];
}

/** What it is about. Two troubles about the same are told together. Numbers in titles change while a trouble lasts. */
export function troubleKey({ subject: { kind, id }, severity }: Pick<Trouble, 'subject' | 'severity'>): string {
  return id === null ? `${kind} ${severity}` : `${kind} ${id}`;
}

/** A dispatch that failed has failed for good: it leaves the list after a day, and nothing is over. */
function hasEnd({ subject }: Said): boolean {
  return subject.kind !== 'dispatch' || subject.id === null;
}

/**
 * From what was known and what is wrong now to what is known next, and what is told. A trouble is told once it has lasted for
 * a minute, and its end once it was gone for a minute. One that comes back is told again only `pauseMs` after it was told.
 */
export function step(
  before: readonly KnownTrouble[],
  troubles: readonly Trouble[],
  { now, pauseMs, newId }: { now: Date; pauseMs: number; newId: () => string },
): Step {
  const rows = new Map(before.map((one) => [one.trouble, one]));
  const seen = seenNow(troubles, now);
  const tellings: Telling[] = [];
  for (const [trouble, said] of seen) rows.set(trouble, appear(rows.get(trouble), { trouble, said, now, newId }));
  const ageMs = (since: Date) => now.getTime() - since.getTime();
  const known = [...rows.values()].flatMap((row): KnownTrouble[] => {
    const { alertId, said, isTold, toldAt } = row;
    const mayBeTold = toldAt === null || ageMs(toldAt) >= pauseMs;
    if (seen.has(row.trouble)) {
      if (isTold || !mayBeTold || ageMs(row.seenFrom) < STEADY_MS) return [row];
      tellings.push({ alertId, kind: 'began', said });
      return [{ ...row, isTold: true, toldAt: now }];
    }
    if (ageMs(row.seenAt) < STEADY_MS) return [row];
    if (isTold && hasEnd(said)) tellings.push({ alertId, kind: 'over', said });
    return mayBeTold ? [] : [{ ...row, isTold: false }];
  });
  return { known, tellings };
}

function seenNow(troubles: readonly Trouble[], now: Date): Map<string, Said> {
  const seen = new Map<string, Said>();
  for (const one of troubles) {
    const { severity, subject, title, detail } = one;
    const other = seen.get(troubleKey(one));
    if (other !== undefined) other.detail = `${other.detail}\n${detail}`;
    else seen.set(troubleKey(one), { severity, subject, title, detail, since: (one.since ?? now).toISOString() });
  }
  return seen;
}

/** A trouble that was away for longer than a moment begins anew. What is told of it stays that of its beginning. */
function appear(
  row: KnownTrouble | undefined,
  { trouble, said, now, newId }: { trouble: string; said: Said; now: Date; newId: () => string },
): KnownTrouble {
  const isNew = row === undefined || (!row.isTold && now.getTime() - row.seenAt.getTime() >= STEADY_MS);
  if (isNew)
    return { trouble, alertId: newId(), said, seenFrom: now, seenAt: now, isTold: false, toldAt: row?.toldAt ?? null };
  return { ...row, said: { ...said, since: row.said.since }, seenAt: now };
}
