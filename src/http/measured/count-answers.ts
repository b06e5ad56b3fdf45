import type { FastifyInstance } from 'fastify';
import type { Meters } from '../../metrics/meters.ts';
import type { Route } from '../route.ts';
import { sinceArrivalMs } from './arrivals.ts';

/**
 * Counts the answers of the routes that are added afterwards, and of paths that do not exist. Labels are templates of
 * paths: what a stranger makes up must not become a series.
 */
export function countAnswers(server: FastifyInstance, meters: Meters, routes: readonly Route[]): void {
  const sending = new Set(routes.filter(({ countsItself }) => countsItself).map(({ path }) => path));
  // Before it is sent: whoever has an answer and asks for the numbers finds it among them.
  server.addHook('onRoute', (route) => {
    const path = route.url;
    const isSending = sending.has(path);
    route.onSend = (request, reply, payload, done) => {
      meters.answered(request.method, path, reply.statusCode);
      if (isSending && reply.statusCode === 201) meters.accepted(path, sinceArrivalMs(request) / 1_000);
      done(null, payload);
    };
  });
  server.addHook('onSend', (request, reply, payload, done) => {
    if (request.is404) meters.answered('any', 'unmatched', reply.statusCode);
    done(null, payload);
  });
}
