import type { Db } from '../../db/database.ts';
import type { RawObject } from '../../lib/raw/json.ts';
import { loadRecipients, type Recipient } from '../../people/profile/facts.ts';
import { eitherNeeds, type RecipientNeeds } from '../../people/profile/needs.ts';
import { listedProperties } from '../ledger/lists/listed-people.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';

type Dispatches = ReadonlyMap<string, LoadedDispatch>;

/** The facts about the people of some sends that gates and templates need. People deleted since are missing. */
export interface LoadedFacts {
  /** The recipients, by workspace id and then by user id. */
  recipients: ReadonlyMap<number, ReadonlyMap<number, Recipient>>;
  /** The own trigger properties of people of lists, by dispatch id and then by user id. */
  listed: ReadonlyMap<string, ReadonlyMap<number, RawObject>>;
  /** When the facts were asked for, in milliseconds since 1970. */
  askedAtMs: number;
}

/** Greatest age of facts when a send is decided by them, in milliseconds. */
const FRESH_MS = 5_000;

export function areFresh({ askedAtMs }: LoadedFacts, nowMs: number): boolean {
  return nowMs - askedAtMs <= FRESH_MS;
}

export function freshForMs({ askedAtMs }: LoadedFacts, nowMs: number): number {
  return FRESH_MS - (nowMs - askedAtMs);
}

/** Loads the facts, with one query per workspace, which is nearly always one query. */
export async function loadFacts(
  db: Db,
  { sends, dispatches, nowMs }: { sends: readonly PendingSend[]; dispatches: Dispatches; nowMs: number },
): Promise<LoadedFacts> {
  const recipients = new Map<number, ReadonlyMap<number, Recipient>>();
  for (const [workspaceId, { people, needs, hidden }] of askedOf(sends, dispatches))
    recipients.set(workspaceId, await loadRecipients(db, { workspaceId, people: [...people.values()], needs, hidden }));
  return { recipients, listed: await loadListed(db, sends, dispatches), askedAtMs: nowMs };
}

async function loadListed(
  db: Db,
  sends: readonly PendingSend[],
  dispatches: Dispatches,
): Promise<LoadedFacts['listed']> {
  const listed = new Map<string, ReadonlyMap<number, RawObject>>();
  const ofLists = sends.filter(({ dispatchId }) => dispatches.get(dispatchId)?.plan.list !== undefined);
  for (const [dispatchId, people] of Map.groupBy(ofLists, (send) => send.dispatchId))
    listed.set(dispatchId, await listedProperties(db, dispatchId, people));
  return listed;
}

interface Asked {
  people: Map<number, PendingSend>;
  needs: RecipientNeeds;
  hidden: ReadonlySet<string> | undefined;
}

/** The people and their needs, by workspace id. */
function askedOf(sends: readonly PendingSend[], dispatches: Dispatches): Map<number, Asked> {
  const asked = new Map<number, Asked>();
  for (const send of sends) {
    const dispatch = dispatches.get(send.dispatchId);
    if (dispatch === undefined) continue;
    const ask = asked.get(dispatch.workspace.id);
    if (ask === undefined)
      asked.set(dispatch.workspace.id, {
        ...{ people: new Map([[send.userId, send]]), needs: dispatch.needs },
        hidden: dispatch.workspace.blockedAttributes,
      });
    else {
      if (ask.needs !== dispatch.needs) ask.needs = eitherNeeds(ask.needs, dispatch.needs);
      ask.people.set(send.userId, send);
    }
  }
  return asked;
}
