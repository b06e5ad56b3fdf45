/** Codes of errors that happen before a connection exists, so the peer has received nothing. */
const beforeAnything: ReadonlySet<unknown> = new Set([
  ...[
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'CONNECT_TIMEOUT',
    'UND_ERR_CONNECT_TIMEOUT',
  ],
  ...['POOL_CLOSED', 'UND_ERR_CLOSED'], // the pool was closed before the request came
  ...['ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN'],
]);

/** True if the provider has certainly not accepted a delivery that failed with this error. */
export function reachedNobody(error: unknown): boolean {
  return beforeAnything.has((Object(error) as { code?: unknown }).code);
}
