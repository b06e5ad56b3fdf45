import type { Db } from '../../db/database.ts';
import { loadRecipients, type Recipient } from '../../people/profile/facts.ts';
import { eitherNeeds, type RecipientNeeds } from '../../people/profile/needs.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';

type Dispatches = ReadonlyMap<string, LoadedDispatch>;

/** What gates and templates need to know of the people of some sends; those deleted since are missing. */
export interface LoadedFacts {
  /** By workspace, then by user id. */
  recipients: ReadonlyMap<number, ReadonlyMap<number, Recipient>>;
  /** When they were asked for, in milliseconds since 1970. */
  askedAtMs: number;
}

/** Nothing is sent because of facts that were older than this when they were decided from. */
const FRESH_MS = 5_000;

export function areFresh({ askedAtMs }: LoadedFacts, nowMs: number): boolean {
  return nowMs - askedAtMs <= FRESH_MS;
}

/** One query per workspace, which is nearly always one query. */
export async function loadFacts(
  db: Db,
  { sends, dispatches, nowMs }: { sends: readonly PendingSend[]; dispatches: Dispatches; nowMs: number },
): Promise<LoadedFacts> {
  const recipients = new Map<number, ReadonlyMap<number, Recipient>>();
  for (const [workspaceId, { people, needs }] of askedOf(sends, dispatches))
    recipients.set(workspaceId, await loadRecipients(db, { workspaceId, people: [...people.values()], needs }));
  return { recipients, askedAtMs: nowMs };
}

interface Asked {
  people: Map<number, PendingSend>;
  needs: RecipientNeeds;
}

/** By workspace. */
function askedOf(sends: readonly PendingSend[], dispatches: Dispatches): Map<number, Asked> {
  const asked = new Map<number, Asked>();
  for (const send of sends) {
    const dispatch = dispatches.get(send.dispatchId);
    if (dispatch === undefined) continue;
    const ask = asked.get(dispatch.workspace.id);
    if (ask === undefined)
      asked.set(dispatch.workspace.id, { people: new Map([[send.userId, send]]), needs: dispatch.needs });
    else {
      if (ask.needs !== dispatch.needs) ask.needs = eitherNeeds(ask.needs, dispatch.needs);
      ask.people.set(send.userId, send);
    }
  }
  return asked;
}
