import type { ContentDesk } from '../../connected-content/desk.ts';
import type { Database, Db } from '../../db/database.ts';
import { storeWith } from '../../feedback/intake.ts';
import { storeShortLinks } from '../../feedback/tracking/short-links.ts';
import type { ItemShelf } from '../../item-catalogs/shelf.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Meters } from '../../metrics/meters.ts';
import { type Candidate, candidateFor, type Decided, decideAll, renderedOf } from '../admit/candidates.ts';
import { lockSlots, saveSlots } from '../admit/cap-ledger.ts';
import { isUnderCaps } from '../admit/cap-slots.ts';
import type { LinkMaker } from '../admit/compose.ts';
import { composeAll } from '../admit/compose-all.ts';
import { later, type Refusal, verdictOf } from '../admit/decision.ts';
import { areFresh, freshForMs, type LoadedFacts } from '../admit/load-facts.ts';
import type { Parcel } from '../admit/parcel.ts';
import type { TakenTurn } from '../admit/send-facts.ts';
import { takeTurns } from '../admit/shared-addresses.ts';
import type { TrackerMaker } from '../admit/trackers.ts';
import { findLeavers } from '../expand/leavers.ts';
import { decideSends } from '../ledger/decide-sends.ts';
import { verdictOfDevices } from '../ledger/devices.ts';
import type { PendingSend, Verdict } from '../ledger/send.ts';
import { isPaced } from '../plan/ages.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { wayOfRefused } from '../plan/ways.ts';
import { writeOff } from '../push/deliver-push.ts';
import { verdictEvent } from './verdict-events.ts';

export interface DecideDeps {
  db: Database;
  clock: Clock;
  worker: string;
  links: LinkMaker;
  trackers: TrackerMaker;
  /** What is known of item catalogs. */
  shelf: ItemShelf;
  /** Makes the calls of templates. */
  desk: ContentDesk;
  meters: Meters;
}

export interface Chunk {
  sends: readonly PendingSend[];
  dispatches: ReadonlyMap<string, LoadedDispatch>;
  facts: LoadedFacts;
}

/** The decisions that were written: the messages to deliver, and when tasks with later sends must look again. */
export interface DecidedChunk {
  parcels: Parcel[];
  again: readonly { taskId: number; at: Date }[];
}

/** Wait before a send is decided again whose facts grew old while its message was composed, in milliseconds. */
const LOOK_AGAIN_MS = 1_000;
/** Time for composing the messages of a chunk, with pauses: less than facts stay fresh, so that the rest goes out. */
const MOST_COMPOSING_MS = 3_000;

/** Decides a chunk: turns → gates → messages → caps → `sending`. Nothing is locked while messages are composed. */
export async function decideChunk(deps: DecideDeps, chunk: Chunk): Promise<DecidedChunk> {
  const candidates = await candidatesOf(deps, chunk);
  const mostMs = Math.min(MOST_COMPOSING_MS, freshForMs(chunk.facts, deps.clock.now().getTime()));
  const { links, trackers, shelf, desk } = deps;
  const waiting = composeAll(candidates, { links, trackers, mostMs, shelf, desk });
  if (waiting !== null) {
    await waiting;
    putOffOutdated(candidates, chunk.facts, deps.clock.now());
  }
  await storeLinksOf(deps, candidates);
  const written = candidates.some(({ send, dispatch }) => isUnderCaps(send, dispatch))
    ? await decideUnderCaps(deps, candidates)
    : await decideWithoutCaps(deps, candidates);
  for (const { send, decision, verdict } of written)
    if (decision.kind === 'refuse') deps.meters.decided(wayOfRefused(send.channel), verdict.status);
  return outcomeOf(written);
}

const ownTurn: TakenTurn = { turn: 'own', holder: null };

async function candidatesOf({ db, clock }: DecideDeps, { sends, dispatches, facts }: Chunk): Promise<Candidate[]> {
  const turns = await takeTurns(db.byKey, { sends, dispatches, facts, now: clock.now() });
  const now = clock.now();
  const leavers = await findLeavers(db, { sends, dispatches, now });
  const candidates: Candidate[] = [];
  for (const send of sends) {
    const dispatch = dispatches.get(send.dispatchId);
    if (dispatch === undefined) continue; // cancelled or paused meanwhile: its rows stay as they are
    if (leavers.failed.has(dispatch.id)) continue;
    const recipient = facts.recipients.get(dispatch.workspace.id)?.get(send.userId) ?? null;
    const leaving = leavers.reasons.get(send) ?? null;
    const listed = facts.listed.get(dispatch.id)?.get(send.userId) ?? null;
    const { turn, holder } = turns.get(send) ?? ownTurn;
    candidates.push(candidateFor(send, dispatch, { recipient, turn, holder, leaving, listed, now }));
  }
  return candidates;
}

const TAKEN: Refusal = {
  kind: 'refuse',
  status: 'aborted',
  reason: 'render_error',
  detail: 'body: a short link is taken',
};

/** Stores the short links of composed messages. Nobody gets a text with a link that leads elsewhere. */
async function storeLinksOf({ db, clock }: DecideDeps, candidates: readonly Candidate[]): Promise<void> {
  const linksOf = ({ facts: { composed } }: Candidate) =>
    composed?.kind === 'composed' ? (composed.shortLinks ?? []) : [];
  const taken = await storeShortLinks(db.byKey, candidates.flatMap(linksOf), clock.now());
  if (taken.size === 0) return;
  for (const candidate of candidates)
    if (linksOf(candidate).some(({ code }) => taken.has(code))) candidate.facts.composed = TAKEN;
}

/** Postpones composed messages if the facts grew old meanwhile, because nothing may be sent by old facts. */
function putOffOutdated(candidates: readonly Candidate[], facts: LoadedFacts, now: Date): void {
  if (areFresh(facts, now.getTime())) return;
  for (const { facts: own } of candidates)
    if (own.composed?.kind === 'composed') own.composed = later(now, LOOK_AGAIN_MS);
}

async function decideWithoutCaps(deps: DecideDeps, candidates: readonly Candidate[]): Promise<Written[]> {
  const { db, worker, clock } = deps;
  const decided = decideAll(candidates, null).map(toWrite);
  const now = clock.now();
  if (!decided.some(isTold)) return decideSends(db.byKey, { worker, now, decided });
  return db.byKey.transaction(async (tx) => {
    const written = await decideSends(tx, { worker, now, decided });
    await tellRefusals(tx, written, now);
    return written;
  });
}

/** Whether the feed has a refusal: that of a send that its caller named. */
function isTold({ decision, candidate: { dispatch } }: Decided): boolean {
  return decision.kind === 'refuse' && dispatch.plan.externalSendId !== undefined;
}

async function tellRefusals(tx: Db, written: readonly Written[], now: Date): Promise<void> {
  const told = written.filter(isTold).flatMap(({ send, verdict, candidate: { dispatch, facts } }) => {
    const workspaceId = dispatch.workspace.id;
    const event = verdictEvent({ workspaceId, send, verdict, address: facts.address }, now);
    return event === null ? [] : [{ workspaceId, event }];
  });
  await storeWith(tx, told, now);
}

/** The people stay locked from before their slots are read until the slots that they take are written. */
function decideUnderCaps({ db, worker, clock }: DecideDeps, candidates: readonly Candidate[]): Promise<Written[]> {
  const now = clock.now();
  const sends = candidates.map(({ send }) => send);
  return db.byKey.transaction(async (tx) => {
    const slots = await lockSlots(tx, sends, now);
    const decided = decideAll(candidates, slots).map(toWrite);
    const written = await decideSends(tx, { worker, now, decided });
    const goingOn = written.flatMap(({ send, decision }) => (decision.kind === 'refuse' ? [] : [send]));
    await saveSlots(tx, slots, { sends, goingOn: new Set(goingOn) });
    await tellRefusals(tx, written, now);
    return written;
  });
}

interface Written extends Decided {
  send: PendingSend;
  verdict: Verdict;
}

function toWrite({ candidate, decision }: Decided): Written {
  const { send, facts, dispatch } = candidate;
  const verdict = verdictOf(decision, facts.address);
  const extras = decision.kind === 'admit' ? extrasOf(candidate) : undefined;
  if (extras !== undefined) verdict.extras = extras;
  // The age of a message that a pace let begin counts from now.
  if (decision.kind === 'admit' && send.attempts === 0 && isPaced(dispatch.plan)) verdict.scheduledAt = facts.now;
  return { candidate, decision, send, verdict: decision.kind === 'refuse' ? givenDevices(send, verdict) : verdict };
}

function extrasOf({ facts: { composed } }: Candidate): Verdict['extras'] {
  return composed?.kind === 'composed' ? composed.extras : undefined;
}

/** A refused send that some devices already have is `sent`, whatever refuses the other devices now. */
function givenDevices({ devices }: PendingSend, verdict: Verdict): Verdict {
  if (!devices?.some(({ state }) => state === 'sent')) return verdict;
  return verdictOfDevices(writeOff(devices, verdict.reason ?? verdict.status));
}

function outcomeOf(written: readonly Written[]): DecidedChunk {
  const parcels: Parcel[] = [];
  const again: { taskId: number; at: Date }[] = [];
  for (const { send, decision, candidate, verdict } of written) {
    if (decision.kind === 'admit') parcels.push(parcelOf(candidate, verdict));
    else if (decision.kind === 'later') again.push({ taskId: send.taskId, at: decision.at });
  }
  return { parcels, again };
}

function parcelOf(candidate: Candidate, { scheduledAt, extras }: Verdict): Parcel {
  const { dispatch, message, facts } = candidate;
  const { recipient, address, pushTargets } = facts;
  if (recipient === null) throw new Error('a send without a person was admitted');
  const rendered = renderedOf(candidate);
  const send = extras === undefined ? candidate.send : { ...candidate.send, extras };
  const triedSince = laterOf(dispatch.triedSince, scheduledAt ?? facts.ownTime?.at ?? null);
  const perDevice = facts.composed?.kind === 'composed' ? facts.composed.perDevice : undefined;
  const of = { send, dispatch, recipient, message, rendered, address, triedSince, pushTargets };
  return { ...of, ...(perDevice !== undefined && { perDevice }), observer: undefined };
}

function laterOf(one: Date, other: Date | null): Date {
  return other !== null && other > one ? other : one;
}
