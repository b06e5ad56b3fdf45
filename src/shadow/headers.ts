/** Headers of one connection, which a proxy must not pass on. `expect` was answered by our own server. Source: RFC 9110 §7.6.1. */
const hopByHop = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'],
]);

type Pairs = (readonly [name: string, value: string])[];

/** Names and values in turn → the same without those of the connection, in their order, with their letter case. */
export function passedHeaders(raw: readonly string[], also: readonly string[] = []): string[] {
  const pairs: Pairs = [];
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([raw[at] ?? '', raw[at + 1] ?? '']);
  const named = pairs.filter(([name]) => name.toLowerCase() === 'connection');
  const ofConnection = new Set(
    named.flatMap(([, value]) =>
      value
        .toLowerCase()
        .split(',')
        .map((one) => one.trim()),
    ),
  );
  // The length is of the message, whatever a caller calls it: without it the next request could begin within this body.
  ofConnection.delete('content-length');
  const dropped = (name: string) => hopByHop.has(name) || ofConnection.has(name) || also.includes(name);
  return pairs.filter(([name]) => !dropped(name.toLowerCase())).flat();
}

/** The value of the first header of this name. null: there is none. */
export function headerOf(raw: readonly string[], wanted: string): string | null {
  const at = raw.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === wanted);
  return at === -1 ? null : (raw[at + 1] ?? null);
}
