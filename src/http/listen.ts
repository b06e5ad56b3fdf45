import type { FastifyInstance } from 'fastify';

/** The server cannot listen on the address. The message is written for the operator. */
export class ListenError extends Error {
  override name = 'ListenError';
}

/** Where something listens. `variable`: names the port for the operator. */
interface Place {
  host: string;
  port: number;
  variable: string;
}

const reasons: Readonly<Record<string, (variable: string) => string>> = {
  EADDRINUSE: (variable) => `is in use by another program. Stop it, or choose another port with ${variable}.`,
  EACCES: (variable) => `may not be used by this account. Choose a port of 1024 or above with ${variable}.`,
  EADDRNOTAVAIL: () => 'is not an address of this machine. Choose another with HOST.',
};

/** Starts to listen. Returns the server's URL. Throws ListenError. */
export function listen(server: FastifyInstance, place: Place): Promise<string> {
  const { host, port } = place;
  // A new object, because Fastify adds to it.
  return namingTrouble(place, () => server.listen({ host, port }));
}

/** Runs `start`, which listens. Throws ListenError. */
export async function namingTrouble<T>({ host, port, variable }: Place, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const reason = reasons[code]?.(variable) ?? `cannot be listened on (${code || cause})`;
    throw new ListenError(`${host}:${port} ${reason}`, { cause });
  }
}
