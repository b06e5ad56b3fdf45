import type { Outcome } from '../channels/outcome.ts';
import type { Database, Db } from '../db/database.ts';
import type { Clock } from '../lib/clock.ts';
import { loadRecipients, type Recipient, type RecipientNeeds } from '../people/facts.ts';
import { type CapLedger, openCapLedger } from './cap-ledger.ts';
import { capChannelOf } from './caps.ts';
import { compose, type LinkMaker } from './compose.ts';
import type { Deliveries, Parcel } from './deliveries.ts';
import { type AddressTurn, admit } from './gates.ts';
import { decideSends, type PendingSend, sendKey, type Verdict } from './ledger.ts';
import type { LoadedDispatch } from './loaded.ts';
import { verdictOf } from './outcomes.ts';
import type { Recorder } from './recorder.ts';
import { type Facts, laterTurn, takeTurns } from './shared-addresses.ts';

export interface AttemptDeps {
  db: Database;
  clock: Clock;
  worker: string;
  deliveries: Deliveries;
  recorder: Recorder;
  links: LinkMaker;
  /** Between 0 and 1. */
  random(): number;
}

/** A send with what it needs, decided in memory and not yet in the ledger. */
interface Decision {
  send: PendingSend;
  verdict: Verdict;
  /** Null when there is nothing to deliver. */
  parcel: Parcel | null;
}

/**
 * One chunk: load facts → gates → caps → render → mark `sending` → deliver → record.
 * Resolves when every result is recorded. Times at which sends of a task are to be tried again go to `onRetryAt`.
 */
export async function attemptChunk(
  deps: AttemptDeps,
  sends: PendingSend[],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
  signal: AbortSignal,
  onRetryAt: (taskId: number, dueAt: Date) => void,
): Promise<void> {
  const recipients = await loadFacts(deps.db, sends, dispatches);
  const turns = await takeTurns(deps.db, sends, dispatches, recipients);
  const decisions = await decide(deps, sends, dispatches, recipients, turns);
  const results = decisions.map(async ({ send, verdict: decided, parcel }) => {
    if (decided.dueAt) onRetryAt(send.taskId, decided.dueAt);
    if (parcel === null) return;
    const verdict = await deliverAndRecord(deps, send, parcel, signal);
    if (verdict.dueAt) onRetryAt(send.taskId, verdict.dueAt);
  });
  await Promise.all(results);
}

/** One query per workspace, which is nearly always one query. */
async function loadFacts(
  db: Db,
  sends: PendingSend[],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
): Promise<Facts> {
  const asked = new Map<number, { people: Map<number, PendingSend>; needs: RecipientNeeds }>();
  for (const send of sends) {
    const dispatch = dispatches.get(send.dispatchId);
    if (dispatch === undefined) continue;
    const ask = asked.get(dispatch.workspace.id) ?? { people: new Map(), needs: dispatch.needs };
    ask.needs = eitherNeeds(ask.needs, dispatch.needs);
    ask.people.set(send.userId, send);
    asked.set(dispatch.workspace.id, ask);
  }
  const facts: Facts = new Map();
  for (const [workspaceId, { people, needs }] of asked) {
    facts.set(workspaceId, await loadRecipients(db, { workspaceId, people: [...people.values()], needs }));
  }
  return facts;
}

function eitherNeeds(one: RecipientNeeds, other: RecipientNeeds): RecipientNeeds {
  return {
    custom: one.custom || other.custom,
    push: one.push || other.push,
    groups: one.groups || other.groups,
    emailFlags: one.emailFlags || other.emailFlags,
    phoneFlags: one.phoneFlags || other.phoneFlags,
    sharing: one.sharing || other.sharing,
  };
}

/** Decides every send and writes the decisions; what comes back with a parcel is ours to deliver. */
async function decide(
  deps: AttemptDeps,
  sends: PendingSend[],
  dispatches: ReadonlyMap<string, LoadedDispatch>,
  facts: Facts,
  turns: ReadonlyMap<PendingSend, AddressTurn>,
): Promise<Decision[]> {
  const now = deps.clock.now();
  const decideAll = (caps: CapLedger | null) =>
    sends.flatMap((send) => {
      const dispatch = dispatches.get(send.dispatchId);
      if (dispatch === undefined) return []; // cancelled or paused meanwhile: its rows stay as they are
      return [
        {
          send,
          ...decideOne(deps, {
            send,
            dispatch,
            recipient: facts.get(dispatch.workspace.id)?.get(send.userId),
            turn: turns.get(send) ?? 'own',
            now,
            caps,
          }),
        },
      ];
    });
  const write = (db: Db, decided: Decision[]) => decideSends(db, { worker: deps.worker, now, decided });

  if (!sends.some((send) => isUnderCaps(send, dispatches.get(send.dispatchId)))) {
    const decided = decideAll(null);
    return ours(decided, await write(deps.db, decided));
  }
  return deps.db.transaction(async (tx) => {
    const caps = await openCapLedger(tx, sends, now);
    const decided = decideAll(caps);
    const written = await write(tx, decided);
    const decisions = ours(decided, written);
    await caps.save(tx, new Set(decisions.filter(({ parcel }) => parcel !== null).map(({ send }) => send)));
    return decisions;
  });
}

function isUnderCaps(send: PendingSend, dispatch: LoadedDispatch | undefined): boolean {
  if (dispatch === undefined || dispatch.workspace.frequencyCaps.length === 0) return false;
  return dispatch.plan.countsTowardCaps && capChannelOf(send.channel) !== null;
}

function ours(decided: Decision[], written: Set<string>): Decision[] {
  return decided.filter(({ send }) => written.has(sendKey(send)));
}

interface Question {
  send: PendingSend;
  dispatch: LoadedDispatch;
  recipient: Recipient | undefined;
  turn: AddressTurn;
  now: Date;
  caps: CapLedger | null;
}

function decideOne(
  deps: AttemptDeps,
  { send, dispatch, recipient, turn, now, caps }: Question,
): Omit<Decision, 'send'> {
  const skip = (reason: string) => ({ verdict: { status: 'skipped' as const, reason }, parcel: null });
  if (recipient === undefined) return skip('unknown_user'); // deleted since
  const message = dispatch.messages.get(send.channel);
  if (message === undefined) throw new Error(`dispatch ${dispatch.id} has no message for ${send.channel}`);
  if (turn === 'later') return { verdict: { status: 'pending', dueAt: laterTurn(now) }, parcel: null };
  const admission = admit(recipient, message.gate, turn);
  if (!admission.admitted) return skip(admission.reason);
  if (caps?.isFull(send, dispatch, recipient)) return skip('frequency_capped');
  const composed = compose({ dispatch, message, recipient, now, links: deps.links });
  if ('verdict' in composed) return { verdict: composed.verdict, parcel: null };
  caps?.take(send, dispatch);
  const { address, pushTargets } = admission;
  const parcel = { send, dispatch, recipient, message, rendered: composed.rendered, address, pushTargets };
  return { verdict: { status: 'sending', address }, parcel };
}

async function deliverAndRecord(
  deps: AttemptDeps,
  send: PendingSend,
  parcel: Parcel,
  signal: AbortSignal,
): Promise<Verdict> {
  const { outcome, isSandbox } = await deps.deliveries.deliver(parcel, signal);
  const verdict = verdictFor(deps, send, parcel, outcome);
  const { address, dispatch, rendered } = parcel;
  await deps.recorder({
    send,
    workspaceId: dispatch.workspace.id,
    address,
    verdict,
    sandboxMessage: isSandbox ? rendered : null,
  });
  return verdict;
}

function verdictFor(deps: AttemptDeps, send: PendingSend, { dispatch }: Parcel, outcome: Outcome): Verdict {
  const acceptedAt = dispatch.triedSince;
  const attempts = send.attempts + 1;
  return verdictOf(outcome, {
    channel: send.channel,
    attempts,
    acceptedAt,
    now: deps.clock.now(),
    jitter: 0.9 + deps.random() / 5,
  });
}
