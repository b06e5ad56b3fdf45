/** Errors of a connection that was never made: the far side has heard nothing. */
const beforeAnything: ReadonlySet<unknown> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EDNS', 'UND_ERR_CONNECT_TIMEOUT'],
  ...['ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN'],
  ...['CONNECT_TIMEOUT', 'GREETING_TIMEOUT'],
]);

/** True when a delivery that failed so has certainly not been taken over. Nodemailer has codes of its own beside the system's. */
export function reachedNobody(error: unknown): boolean {
  const { code, originalCode, timeoutType } = Object(error) as Readonly<Record<string, unknown>>;
  return [code, originalCode, timeoutType].some((one) => beforeAnything.has(one));
}
