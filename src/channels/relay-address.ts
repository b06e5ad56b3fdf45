/** The host and port of a mail relay, by its URL. Without a port in it, the port of mail submission. */
export function hostAndPort(url: string): { hostname: string; port: number } {
  const { hostname, port, protocol } = new URL(url);
  return { hostname, port: port === '' ? (protocol === 'smtps:' ? 465 : 587) : Number(port) };
}

export function relayAddress(url: string): string {
  const { hostname, port } = hostAndPort(url);
  return `${hostname}:${port}`;
}
