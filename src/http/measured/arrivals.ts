import type { FastifyRequest } from 'fastify';

const arrivals = new WeakMap<FastifyRequest, number>();

/** Notes when a request came: Fastify itself measures that only if it logs, or if a hook waits for the end of each answer. */
export function noteArrival(request: FastifyRequest): void {
  arrivals.set(request, performance.now());
}

/** Time since a request came, in milliseconds. 0: nobody has noted it; an answer must not fail for that. */
export function sinceArrivalMs(request: FastifyRequest): number {
  const nowMs = performance.now();
  return nowMs - (arrivals.get(request) ?? nowMs);
}
