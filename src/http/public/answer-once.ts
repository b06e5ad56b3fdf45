import type { Idempotency, IdempotentRequest } from '../../dispatch/accept/idempotency.ts';
import type { Answer, Route, RouteRequest } from '../route.ts';

/** How requests are recognized that came before. null: this request has nothing that names it. */
type ReferenceOf = (request: RouteRequest) => IdempotentRequest | null;

/**
 * The part of a route that answers a repeated request as the first time, and counts a new one when it is stored. `send`
 * returns the body of the answer.
 */
export function answeringOnce(
  idempotency: Idempotency,
  referenceOf: ReferenceOf,
  send: (request: RouteRequest, reference: IdempotentRequest | null) => Promise<object>,
): Required<Pick<Route, 'replay' | 'countsItself' | 'isTraced' | 'handle'>> {
  async function answeredBefore(reference: IdempotentRequest): Promise<Answer | null> {
    const body = await idempotency.answered(reference);
    return body && { status: 201, body, headers: { 'idempotency-replayed': 'true' } };
  }
  return {
    replay(request) {
      const reference = referenceOf(request);
      return reference && answeredBefore(reference);
    },
    countsItself: true,
    isTraced: true,
    handle(request) {
      const reference = referenceOf(request);
      const answer = async () => ({ status: 201, body: await send(request, reference) });
      return reference === null ? answer() : idempotency.once(reference, answer);
    },
  };
}

/** The same for a route whose requests may have the header `Idempotency-Key`. */
export function answeringKeyOnce(
  idempotency: Idempotency,
  path: string,
  send: (request: RouteRequest, key: IdempotentRequest | null) => Promise<object>,
): Omit<Route, 'permission' | 'bucket'> {
  const keyOf: ReferenceOf = ({ headers, workspaceId, rawBody }) =>
    idempotency.read(headers['idempotency-key'], { workspaceId, path, rawBody });
  return { method: 'POST', path, knowsIdempotencyKey: true, ...answeringOnce(idempotency, keyOf, send) };
}
