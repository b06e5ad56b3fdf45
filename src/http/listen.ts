import type { FastifyInstance } from 'fastify';

/** The server cannot listen on the address. The message is written for the operator. */
export class ListenError extends Error {
  override name = 'ListenError';
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program. Stop it, or choose another port with PORT.',
  EACCES: 'may not be used by this account. Choose a port of 1024 or above with PORT.',
  EADDRNOTAVAIL: 'is not an address of this machine. Choose another with HOST.',
};

/** Starts to listen. Returns the server's URL. Throws ListenError. */
export function listen(server: FastifyInstance, { host, port }: { host: string; port: number }): Promise<string> {
  // A new object, because Fastify adds to it.
  return namingTrouble({ host, port }, () => server.listen({ host, port }));
}

/** Runs `start`, which listens. Throws ListenError. */
export async function namingTrouble<T>(
  { host, port }: { host: string; port: number },
  start: () => Promise<T>,
): Promise<T> {
  try {
    return await start();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const reason = reasons[code] ?? `cannot be listened on (${code || cause})`;
    throw new ListenError(`${host}:${port} ${reason}`, { cause });
  }
}
