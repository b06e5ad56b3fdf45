import { isObject } from '../../lib/raw/json.ts';

const secretHeader = /^(authorization|cookie|x-api-key)$|-(token|secret)$/i;

/** Whether a header of this name holds a credential. */
export function isSecretHeader(name: string): boolean {
  return secretHeader.test(name);
}

/** The raw message, with the values of headers that hold credentials masked. */
export function maskHeaders(raw: Record<string, unknown>): Record<string, unknown> {
  if (!isObject(raw.request_headers)) return raw;
  const headers = Object.entries(raw.request_headers).map(([name, value]) => [
    name,
    isSecretHeader(name) ? '(masked)' : value,
  ]);
  return { ...raw, request_headers: Object.fromEntries(headers) };
}
