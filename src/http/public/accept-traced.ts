import type { Acceptance, Accepted, Acceptor } from '../../dispatch/accept/accept.ts';
import { type Span, within } from '../../traces/traces.ts';

/** Accepts a dispatch that goes on under the span of its acceptance. null: it is not traced. */
export function acceptTraced(acceptor: Acceptor, request: Span | null, acceptance: Acceptance): Promise<Accepted> {
  if (request === null) return acceptor.accept(acceptance);
  const span = request.child('accept');
  return within(span, () => acceptor.accept({ ...acceptance, trace: span.traceparent }), factsOf);
}

function factsOf({ dispatchId }: Pick<Accepted, 'dispatchId'>) {
  return { 'cresset.dispatch_id': dispatchId };
}
