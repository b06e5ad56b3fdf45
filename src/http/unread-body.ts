import type { FastifyReply, FastifyRequest } from 'fastify';

/** A body of at most so many bytes is read to its end, so that the connection can be used again. */
const MOST_DISCARDED_BYTES = 65_536;
/** For how long a refused caller may go on sending, so that it can read the answer; then the connection is destroyed. */
const LINGER_MS = 1_000;

/**
 * Makes sure that an answer which came before the body was read does not keep the connection: what a caller goes on
 * sending is discarded for a moment, never kept, and then the connection is destroyed, not half-closed.
 */
export function dropUnreadBody(request: FastifyRequest, reply: FastifyReply): void {
  const { raw } = request;
  if (raw.complete || isSmall(raw.headers)) return;
  reply.header('connection', 'close');
  const { socket } = raw;
  raw.resume();
  reply.raw.once('finish', () => {
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    raw.once('end', () => socket.destroySoon());
    socket.once('close', () => clearTimeout(timer));
  });
}

/** Nothing at all counts as small. A body of unknown length does not. */
function isSmall(headers: FastifyRequest['raw']['headers']): boolean {
  if (headers['transfer-encoding'] !== undefined) return false;
  return Number(headers['content-length'] ?? 0) <= MOST_DISCARDED_BYTES;
}
