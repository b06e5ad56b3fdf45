import type { IncomingHttpHeaders } from 'node:http2';
import { isObject, type RawObject } from '../../lib/raw/json.ts';
import type { Unanswered } from '../../net/http2/client/exchange.ts';
import type { NotBegun } from '../outcome.ts';
import type { PushOutcome } from '../push/sender.ts';

/** A provider's HTTP response, not yet interpreted. */
export interface ProviderReply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** The JSON object in a body. Empty when the body is anything else. */
export function jsonObject(body: Buffer): RawObject {
  try {
    return objectOf(JSON.parse(body.toString()));
  } catch {
    return {};
  }
}

export function objectOf(value: unknown): RawObject {
  return isObject(value) ? value : {};
}

/** A word from the provider that may be used in a reason. null: the value is not a plain word. */
export function plainWord(value: unknown): string | null {
  return typeof value === 'string' && /^[\w.[\]-]{1,100}$/.test(value) ? value : null;
}

/**
 * The outcome when no answer came. FCM and APNs allow such a message to be sent again.
 * Source: messaging-objects.md §2.4 and §3.4.
 */
export function readUnanswered({ reason, mayHaveActed }: Unanswered, origin: string): PushOutcome | NotBegun {
  if (reason === 'aborted' && !mayHaveActed) return { kind: 'not_begun' };
  const detail = `${reason} ${hostOf(new URL(origin))}`;
  return { kind: 'retry', reason: `network ${reason}`, detail, ...(mayHaveActed && { isUnclear: true }) };
}

/** Host and port of a URL, with the protocol's usual port. */
export function hostOf({ hostname, port, protocol }: URL): string {
  return port === '' ? `${hostname}:${usualPorts[protocol] ?? '?'}` : `${hostname}:${port}`;
}

const usualPorts: Readonly<Record<string, string>> = {
  'http:': '80',
  'https:': '443',
  'smtp:': '587',
  'smtps:': '465',
};
