import { refusingExpensive } from '../../../audience/time-limit.ts';
import type { ContentDesk } from '../../../connected-content/desk.ts';
import type { PinnedContent } from '../../../content/pins.ts';
import type { Database } from '../../../db/database.ts';
import { ItemShelf } from '../../../item-catalogs/shelf.ts';
import type { Clock } from '../../../lib/clock.ts';
import { Problems } from '../../../lib/raw/problems.ts';
import { dashedV7 } from '../../../lib/uuid.ts';
import { FIRST_INLINE_ID, isStored, loadRecipients, type Recipient } from '../../../people/profile/facts.ts';
import type { AttributesObject } from '../../../people/track/attributes.ts';
import type { ReferenceAt } from '../../../templating/tree.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';
import { type Candidate, candidateFor } from '../../admit/candidates.ts';
import { contextOf, type LinkMaker } from '../../admit/compose.ts';
import { composeAll } from '../../admit/compose-all.ts';
import { admitted, type Decision, verdictOf } from '../../admit/decision.ts';
import type { TrackerMaker } from '../../admit/trackers.ts';
import { type LoadedDispatch, type PreparedMessage, prepare } from '../../plan/loaded-dispatch.ts';
import { remarkMembers, type SendRemarks } from '../../plan/remarks.ts';
import { isBroadcast, type SendPlan } from '../../plan/send-plan.ts';
import { fillMessages, parsePlanned } from '../../plan/templates.ts';
import { findAudience, findNamed, type Targeted } from '../find-targeted.ts';
import { verdictOfRefusal } from '../recipients.ts';
import { inlineRecipient } from './inline-people.ts';
import { checkLinks, linksIn } from './links.ts';
import { missingFor } from './missing.ts';

/** Time for composing all messages of a preview, with pauses, in milliseconds. */
const MOST_COMPOSING_MS = 10_000;

export interface AskedPreview {
  plan: SendPlan;
  /** The stored content that the plan pins. */
  content: PinnedContent;
  workspace: WorkspaceCatalog;
  remarks: SendRemarks;
  /** Whether stored people are meant. False: only those in `attributes`. */
  hasTargets: boolean;
  /** Number of people of a segment or an audience. */
  sampleSize: number;
  /** People who exist only in the request. */
  attributes: readonly AttributesObject[];
  /** Whether the links in the messages are called. */
  checksLinks: boolean;
}

/** Renders messages for people as the sender would, with what its author should know. Nothing is stored or sent. */
export type Preview = (asked: AskedPreview) => Promise<object>;

export interface PreviewDeps {
  db: Database;
  clock: Clock;
  links: LinkMaker;
  trackers: TrackerMaker;
  desk: ContentDesk;
  /** Base URL of links that are made for people. */
  publicUrl: string;
}

type ReferencesOf = ReadonlyMap<string, readonly ReferenceAt[]>;

export function createPreview(deps: PreviewDeps): Preview {
  return async (asked) => {
    const now = deps.clock.now();
    const { dispatch, references } = rehearse(asked, now);
    const { targeted, people, refusals } = await refusingExpensive(() => findPeople(deps.db, dispatch, asked, now));
    const candidates = await candidatesOf(deps.db, dispatch, { people, asked, now });
    const decisions = candidates.map(({ soFar }) => soFar);
    // A gate may refuse a person, and the message is shown all the same.
    for (const candidate of candidates) candidate.soFar = admitted;
    const shelf = new ItemShelf({ db: deps.db, clock: deps.clock });
    const { links, trackers, desk } = deps;
    await composeAll(candidates, { links, trackers, mostMs: MOST_COMPOSING_MS, shelf, desk });
    const urls = linksIn(candidates.flatMap(renderedIn), ownLinks(deps, asked.workspace));
    return {
      targeted: asked.hasTargets ? targeted : 0,
      refused: refusals.map(verdictOfRefusal),
      previews: candidates.map((one, index) => previewOf(one, decisions[index] ?? admitted, references, now)),
      ...(asked.checksLinks && { links: await checkLinks(urls, desk, asked.workspace) }),
      message: 'success',
      ...remarkMembers(asked.remarks),
    };
  };
}

function rehearse({ plan, content, workspace }: AskedPreview, now: Date) {
  const messages = fillMessages(parsePlanned(plan, new Problems()), content, new Problems());
  const references = new Map(messages.map((one) => [one.place, one.references]));
  const row = { id: dashedV7(now), state: 'accepted', accepted_at: now } as const;
  return { dispatch: prepare(row, workspace, { plan, messages }), references };
}

async function findPeople(
  db: Database,
  dispatch: LoadedDispatch,
  { plan, hasTargets, sampleSize: most }: AskedPreview,
  now: Date,
): Promise<Targeted> {
  if (!hasTargets) return { targeted: 0, people: [], refusals: [] };
  return isBroadcast(plan) ? findAudience(db, dispatch, { now, most }) : findNamed(db, dispatch, now);
}

async function candidatesOf(
  db: Database,
  dispatch: LoadedDispatch,
  { people, asked, now }: { people: Targeted['people']; asked: AskedPreview; now: Date },
): Promise<Candidate[]> {
  const positions = new Map(people.map(({ userId, position }) => [userId, position]));
  // The answer names everybody by braze id, which is one of the details.
  const needs = { ...dispatch.needs, details: true, custom: true };
  const loaded = await loadRecipients(db, { workspaceId: dispatch.workspace.id, people, needs });
  const recipients = [...loaded.values(), ...asked.attributes.map(inlineRecipient)];
  return recipients.flatMap((recipient) =>
    [...dispatch.messages.keys()].map((channel) => {
      const { bucket, userId } = recipient;
      const key = { bucket, userId, dispatchId: dispatch.id, channel };
      const send = { ...key, taskId: 0, attempts: 0, recipient: positions.get(userId) ?? null };
      return candidateFor(send, dispatch, { recipient, turn: 'own', now });
    }),
  );
}

/** How the links begin that lead to this server. */
function ownLinks({ publicUrl }: PreviewDeps, { settings: { tracking } }: WorkspaceCatalog): string[] {
  return [publicUrl, tracking?.url, tracking?.short_url].filter((url) => typeof url === 'string');
}

function renderedIn({ facts: { composed } }: Candidate): object[] {
  return composed?.kind === 'composed' ? [composed.rendered] : [];
}

/** `decision`: by the facts of the person alone. */
function previewOf(candidate: Candidate, decision: Decision, references: ReferencesOf, now: Date): object {
  const { dispatch, message, facts, send, content } = candidate;
  const { recipient, composed, address } = facts;
  const [rendered = null] = renderedIn(candidate);
  const measures = rendered === null ? undefined : message.channel.measure?.(rendered);
  return {
    ...personOf(recipient, send.userId),
    channel: send.channel,
    variation: variationOf(message, decision),
    ...verdictFor(
      decision.kind === 'admit' && composed?.kind !== 'composed' ? (composed ?? decision) : decision,
      address,
    ),
    address,
    message: rendered,
    extras: composed?.kind === 'composed' ? (composed.extras ?? {}) : {},
    problem: problemOf(composed),
    missing: recipient === null ? [] : missingIn(candidate, recipient, references, now),
    size: measures === undefined ? null : { bytes: measures.bytes, most_bytes: measures.mostBytes },
    segments: measures?.segments ?? null,
    warnings: measures?.warning === undefined ? [] : [measures.warning],
    calls: (content?.calls ?? []).map(({ ms, ...call }) => ({ ...call, took_ms: ms })),
    campaign: dispatch.campaign === null ? null : { id: dispatch.campaign.id, name: dispatch.campaign.name },
  };
}

/** The variation that the message shown is of. Who is in the control group would get it otherwise. null: it is of none. */
function variationOf({ variation }: PreparedMessage, decision: Decision): object | null {
  if (variation === null) return null;
  const { id, name } = variation;
  return { id, name, in_control: decision.kind === 'refuse' && decision.reason === 'control_group' };
}

/** `attributes_index`: the place of a person who exists only in the request. */
function personOf(recipient: Recipient | null, userId: number): object {
  if (!isStored(userId)) return { external_id: null, braze_id: null, attributes_index: userId - FIRST_INLINE_ID };
  return {
    external_id: recipient?.person.externalId ?? null,
    braze_id: recipient?.person.brazeId ?? null,
    attributes_index: null,
  };
}

function verdictFor(decision: Decision, address: string | null): object {
  const { status, reason = null, detail = null, dueAt } = verdictOf(decision, address);
  if (decision.kind === 'admit') return { status: 'would_be_sent', reason: null, detail: null };
  if (decision.kind === 'refuse') return { status, reason, detail };
  return { status: 'would_be_held', reason, detail, held_until: dueAt ?? null };
}

/** Why there is no message. null: there is one. */
function problemOf(composed: Candidate['facts']['composed']): object | null {
  if (composed === null) return { reason: 'render_error', detail: 'it was not composed' };
  if (composed.kind === 'composed') return null;
  if (composed.kind === 'refuse') return { reason: composed.reason, detail: composed.detail };
  if (composed.missing !== undefined) return { reason: 'content_unavailable', detail: composed.missing.detail };
  return { reason: 'render_error', detail: 'there was no time left to compose it' };
}

function missingIn(
  { dispatch, message, send }: Candidate,
  recipient: Recipient,
  references: ReferencesOf,
  now: Date,
): object[] {
  const context = contextOf({ dispatch, message, recipient, position: send.recipient ?? null, now }, LINKS);
  return missingFor(references.get(message.place) ?? [], context);
}

/** Links are made when the message is composed, so none of them is missing. */
const LINKS = { unsubscribe: '-', subscribe: '-', optIn: '-' };
