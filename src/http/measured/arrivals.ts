import type { FastifyRequest } from 'fastify';

/** Notes when a request came: Fastify itself measures that only if it logs, or if a hook waits for the end of each answer. */
export function noteArrival(request: FastifyRequest): void {
  request.arrivedAtMs = performance.now();
}

/** Time since a request came, in milliseconds. 0: nobody has noted it; an answer must not fail for that. */
export function sinceArrivalMs({ arrivedAtMs }: FastifyRequest): number {
  return arrivedAtMs === null ? 0 : performance.now() - arrivedAtMs;
}
