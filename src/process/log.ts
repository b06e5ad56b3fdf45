import pino, { type DestinationStream, type Logger } from 'pino';
import type { Config } from '../config.ts';
import { loggedError } from '../lib/logged-error.ts';

/**
 * The log of one thread, in lines of JSON. Of errors, under whatever name they are logged, it shows only the members that
 * `loggedError` allows. `to`: default stderr.
 */
export function createLog(
  { logLevel }: Pick<Config, 'logLevel'>,
  thread?: string,
  to: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Logger {
  const formatters = { log: withoutSecrets };
  // Pino's own serializer copies every member of an error.
  const serializers = { err: (shown: unknown) => shown };
  const log = pino({ level: logLevel, formatters, serializers }, to);
  return thread === undefined ? log : log.child({ thread });
}

function withoutSecrets(facts: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name,
      name === 'err' || value instanceof Error ? loggedError(value) : value,
    ]),
  );
}
