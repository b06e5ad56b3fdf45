import type { FastifyReply, FastifyRequest } from 'fastify';

/** Largest unread body, in bytes, that is read to its end, so that the connection can be used again. */
const MOST_DISCARDED_BYTES = 65_536;
/** Time for which a refused caller may go on sending, so that it can read the answer. */
const LINGER_MS = 1_000;

/**
 * Ends the connection of a request that is answered before its body was read. Whatever the caller still sends is discarded
 * for a moment; then the connection is destroyed, not half-closed.
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

/** Whether the body is small. No body counts as small, a body of unknown length does not. */
function isSmall(headers: FastifyRequest['raw']['headers']): boolean {
  if (headers['transfer-encoding'] !== undefined) return false;
  return Number(headers['content-length'] ?? 0) <= MOST_DISCARDED_BYTES;
}
