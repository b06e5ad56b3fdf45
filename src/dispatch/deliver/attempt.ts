import type { Database, Db } from '../../db/database.ts';
import type { Clock } from '../../lib/clock.ts';
import { loadRecipients, type Recipient, type RecipientNeeds } from '../../people/profile/facts.ts';
import { type CapLedger, openCapLedger } from '../admit/cap-ledger.ts';
import { capChannelOf } from '../admit/caps.ts';
import { compose, type LinkMaker } from '../admit/compose.ts';
import { type AddressTurn, admit } from '../admit/gates.ts';
import type { Parcel } from '../admit/parcel.ts';
import { type Facts, laterTurn, takeTurns } from '../admit/shared-addresses.ts';
import { decideSends } from '../ledger/decide-sends.ts';
import { verdictOfDevices } from '../ledger/devices.ts';
import type { PendingSend, Verdict } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { writeOff } from '../push/deliver-push.ts';
import type { Deliveries } from './deliveries.ts';
import type { Recorder } from './recorder.ts';

export interface AttemptDeps {
  db: Database;
  clock: Clock;
  worker: string;
  deliveries: Deliveries;
  recorder: Recorder;
  links: LinkMaker;
}

/** A send with what it needs, decided in memory and not yet in the ledger. */
interface Decision {
  send: PendingSend;
  verdict: Verdict;
  /** Null when there is nothing to deliver. */
  parcel: Parcel | null;
}

type Dispatches = ReadonlyMap<string, LoadedDispatch>;

/** What gates and templates need to know of these people. One query per workspace, which is nearly always one query. */
export async function loadFacts(db: Db, sends: PendingSend[], dispatches: Dispatches): Promise<Facts> {
  const asked = new Map<number, { people: Map<number, PendingSend>; needs: RecipientNeeds }>();
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
  const facts: Facts = new Map();
  for (const [workspaceId, { people, needs }] of asked) {
    facts.set(workspaceId, await loadRecipients(db, { workspaceId, people: [...people.values()], needs }));
  }
  return facts;
}

function eitherNeeds(one: RecipientNeeds, other: RecipientNeeds): RecipientNeeds {
  return {
    custom: one.custom || other.custom,
    details: one.details || other.details,
    push: one.push || other.push,
    groups: one.groups || other.groups,
    emailFlags: one.emailFlags || other.emailFlags,
    phoneFlags: one.phoneFlags || other.phoneFlags,
    sharing: one.sharing || other.sharing,
  };
}

/** Facts → gates → caps → render → mark `sending`. The parcels are ours to deliver; whatever else is in the ledger. */
export async function decideChunk(
  deps: AttemptDeps,
  sends: PendingSend[],
  dispatches: Dispatches,
  facts: Facts,
): Promise<Parcel[]> {
  const turns = await takeTurns(deps.db.byKey, sends, dispatches, facts);
  const now = deps.clock.now();
  const decideAll = (caps: CapLedger | null) =>
    sends.flatMap((send): Decision[] => {
      const dispatch = dispatches.get(send.dispatchId);
      if (dispatch === undefined) return []; // cancelled or paused meanwhile: its rows stay as they are
      const recipient = facts.get(dispatch.workspace.id)?.get(send.userId);
      return [decideOne(deps, { send, dispatch, recipient, turn: turns.get(send) ?? 'own', now, caps })];
    });
  const write = (db: Db, decided: Decision[]) => decideSends(db, { worker: deps.worker, now, decided });

  if (!sends.some((send) => isUnderCaps(send, dispatches.get(send.dispatchId))))
    return parcelsOf(await write(deps.db.byKey, decideAll(null)));
  return deps.db.byKey.transaction(async (tx) => {
    const caps = await openCapLedger(tx, sends, now);
    const parcels = parcelsOf(await write(tx, decideAll(caps)));
    await caps.save(tx, new Set(parcels.map(({ send }) => send)));
    return parcels;
  });
}

function isUnderCaps(send: PendingSend, dispatch: LoadedDispatch | undefined): boolean {
  if (dispatch === undefined || dispatch.workspace.frequencyCaps.length === 0) return false;
  return dispatch.plan.countsTowardCaps && capChannelOf(send.channel) !== null;
}

function parcelsOf(decisions: Decision[]): Parcel[] {
  return decisions.flatMap(({ parcel }) => parcel ?? []);
}

interface Question {
  send: PendingSend;
  dispatch: LoadedDispatch;
  recipient: Recipient | undefined;
  turn: AddressTurn;
  now: Date;
  caps: CapLedger | null;
}

function decideOne(deps: AttemptDeps, { send, dispatch, recipient, turn, now, caps }: Question): Decision {
  const refuse = (verdict: Verdict) => ({ send, verdict: givenDevices(send, verdict), parcel: null });
  const skip = (reason: string) => refuse({ status: 'skipped', reason });
  if (recipient === undefined) return skip('unknown_user'); // deleted since
  const message = dispatch.messages.get(send.channel);
  if (message === undefined) throw new Error(`dispatch ${dispatch.id} has no message for ${send.channel}`);
  if (turn === 'later') return { send, verdict: { status: 'pending', dueAt: laterTurn(now) }, parcel: null };
  const admission = admit(recipient, message.gate, turn);
  if (!admission.admitted) return skip(admission.reason);
  if (caps?.isFull(send, dispatch, recipient)) return skip('frequency_capped');
  const composed = compose({ dispatch, message, recipient, now, links: deps.links });
  if ('verdict' in composed) return refuse(composed.verdict);
  caps?.take(send, dispatch);
  const { address, pushTargets } = admission;
  const parcel = {
    send,
    dispatch,
    recipient,
    message,
    rendered: composed.rendered,
    address,
    pushTargets,
    handover: undefined,
  };
  return { send, verdict: { status: 'sending', address }, parcel };
}

/** A send that some of its devices have is sent, whatever stands against the others now. */
function givenDevices({ devices }: PendingSend, verdict: Verdict): Verdict {
  if (!devices?.some(({ state }) => state === 'sent')) return verdict;
  return verdictOfDevices(writeOff(devices, verdict.reason ?? verdict.status));
}

/** Delivers one parcel and has the result written. `onDone` gets null, or the error that left the send ambiguous. */
export function deliverAndRecord(
  { deliveries, recorder }: AttemptDeps,
  parcel: Parcel,
  signal: AbortSignal,
  onDone: (error: unknown, verdict?: Verdict) => void,
): void {
  const { send, dispatch, address, rendered } = parcel;
  deliveries.deliver(parcel, signal).then((delivered) => {
    const sandboxMessage = delivered.isSandbox ? rendered : null;
    const result = { ...delivered, send, workspaceId: dispatch.workspace.id, address, sandboxMessage };
    recorder(result, (error) => onDone(error, delivered.verdict));
  }, onDone);
}
