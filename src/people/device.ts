/** The endpoint in a browser's token, as JSON writes it. */
const endpoint = /^\{"endpoint":"((?:[^"\\]|\\["\\/bfnrtu])+)"/;
/** The octets of a device token of Apple in hex. No other provider's token looks like this. */
const hexToken = /^(?:[0-9a-fA-F]{2}){32,}$/;

/**
 * The device or browser that a token leads to. Two tokens of one device get each message twice, so a device has one token:
 * the newest. That of a browser is its endpoint, whatever its keys; that of Apple does not depend on letter case.
 * PostgreSQL has the same function, `device_of`; a test keeps both agreed.
 */
export function deviceOf(token: string): string {
  const [, found] = endpoint.exec(token) ?? [];
  if (found !== undefined) return found;
  return hexToken.test(token) ? token.toLowerCase() : token;
}
