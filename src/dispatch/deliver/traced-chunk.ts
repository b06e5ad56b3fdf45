import { failureOf, type Parent, type Span, type Traces } from '../../traces/traces.ts';
import type { Parcel } from '../admit/parcel.ts';
import type { Delivered } from '../ledger/delivered.ts';
import type { PendingSend, Verdict } from '../ledger/send.ts';
import { type LoadedDispatch, publicId } from '../plan/loaded-dispatch.ts';

/** Most calls of one chunk and dispatch that have spans of their own. The span of the chunk counts all. */
export const MOST_CALLS = 3;

/** Where the spans of traced dispatches hang. null: no dispatch of the round is traced, as nearly always. */
export type TraceParents = ReadonlyMap<string, Parent> | null;

export function parentsOf(traces: Traces, dispatches: ReadonlyMap<string, LoadedDispatch>): TraceParents {
  let parents: Map<string, Parent> | null = null;
  for (const { id, trace } of dispatches.values()) {
    const parent = trace === null ? null : traces.resume(trace);
    if (parent === null) continue;
    parents ??= new Map();
    parents.set(id, parent);
  }
  return parents;
}

/** The span of one step that writes the sends of a dispatch. null: it is not traced. `of`: what it reads. */
export function expandSpan(
  { traces }: { traces: Traces },
  dispatch: LoadedDispatch,
  of: 'names' | 'filters' | 'list',
): Span | null {
  if (dispatch.trace === null) return null;
  const facts = { 'cresset.dispatch_id': publicId(dispatch), 'cresset.audience': of };
  return traces.resume(dispatch.trace)?.child('expand', { facts }) ?? null;
}

interface TracedPart {
  span: Span;
  /** Messages that are being delivered. */
  inHand: number;
  /** Calls that got a span. */
  calls: number;
  verdicts: Record<string, number>;
}

/**
 * The spans of a chunk: one for each traced dispatch in it, from before its people are decided until the last result is
 * recorded, and below it the first calls. So the spans of a broadcast are at most four for 200 messages.
 */
export class TracedChunk {
  readonly #parts: ReadonlyMap<string, TracedPart>;

  private constructor(parts: ReadonlyMap<string, TracedPart>) {
    this.#parts = parts;
  }

  /** null: no dispatch in it is traced. */
  static begin(parents: TraceParents, sends: readonly PendingSend[]): TracedChunk | null {
    if (parents === null) return null;
    const counts = new Map<string, number>();
    for (const { dispatchId } of sends)
      if (parents.has(dispatchId)) counts.set(dispatchId, (counts.get(dispatchId) ?? 0) + 1);
    if (counts.size === 0) return null;
    const parts = [...counts].flatMap(([id, count]): [string, TracedPart][] => {
      const span = parents.get(id)?.child('chunk', { facts: { 'cresset.sends': count } });
      return span === undefined ? [] : [[id, { span, inHand: 0, calls: 0, verdicts: {} }]];
    });
    return new TracedChunk(new Map(parts));
  }

  /** Notes which messages are delivered. Everyone else of the chunk was refused, or waits. */
  decided(parcels: readonly Parcel[]): void {
    for (const { send } of parcels) {
      const part = this.#parts.get(send.dispatchId);
      if (part !== undefined) part.inHand += 1;
    }
    for (const part of this.#parts.values()) {
      if (part.inHand === 0) part.span.end({ 'cresset.messages': 0 });
      else part.verdicts['cresset.messages'] = part.inHand;
    }
  }

  /** The span of a message's delivery. null: it has none. */
  call({ send, message }: Parcel): Span | null {
    const part = this.#parts.get(send.dispatchId);
    if (part === undefined || part.calls === MOST_CALLS) return null;
    part.calls += 1;
    const facts = { 'cresset.channel': message.channel.key, 'cresset.attempt': send.attempts + 1 };
    return part.span.child('deliver', { kind: 'client', facts });
  }

  /** Notes that the result of a message is recorded. `verdict`: absent if it could not be. */
  ended({ dispatchId }: PendingSend, verdict: Verdict | undefined): void {
    const part = this.#parts.get(dispatchId);
    if (part === undefined) return;
    const name = `cresset.verdicts.${verdict?.status ?? 'unrecorded'}`;
    part.verdicts[name] = (part.verdicts[name] ?? 0) + 1;
    part.inHand -= 1;
    if (part.inHand === 0) part.span.end(part.verdicts);
  }
}

/** Ends the span of a delivery with what the provider's answer means. */
export function endCall(call: Span, { verdict, keptIn }: Delivered): void {
  const { status, reason, providerCode } = verdict;
  const facts = {
    'cresset.verdict': status,
    ...(keptIn !== null && { 'cresset.kept_in': keptIn }),
    ...(reason && { 'cresset.reason': reason }),
    ...(providerCode && { 'cresset.provider_code': providerCode.slice(0, 100) }),
  };
  // A message that is tried again has failed this time.
  call.end(facts, status === 'sent' ? undefined : (reason ?? status));
}

/** Ends the span of a delivery that broke off. */
export function breakCall(call: Span, error: unknown): void {
  call.end({}, failureOf(error));
}
