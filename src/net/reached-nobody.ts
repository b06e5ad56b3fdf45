/** Errors of a connection that was never made: the far side has heard nothing. */
const beforeAnything: ReadonlySet<unknown> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'],
  ...['ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN'],
]);

/** True when a delivery that failed so has certainly not been taken over. */
export function reachedNobody(error: unknown): boolean {
  return beforeAnything.has((Object(error) as { code?: unknown }).code);
}
