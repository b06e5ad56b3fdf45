import type { FastifyInstance } from 'fastify';
import { RequestError } from '../errors.ts';

/** `localhost`, its subdomains and the addresses of the loopback interface, with or without a port. */
const LOCAL_HOST = /^(([a-z0-9-]+\.)*localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/**
 * Refuses requests for another host than this machine. A server whose key everybody knows needs this: a page that a person
 * visits could point a host name of its own at this machine, and then call this server as if it were its own.
 */
export function refuseOtherHosts(server: FastifyInstance): void {
  server.addHook('onRequest', (request, _reply, done) => {
    const { host = '' } = request.headers;
    if (LOCAL_HOST.test(host)) return done();
    throw new RequestError('host_not_allowed', ['Host: expected localhost or an address of this machine']);
  });
}
