import ipaddr from 'ipaddr.js';

/** An entry of an operator's allow list: a target that may be called although it is not public. */
export interface AllowedTarget {
  /** A host name in lower case, or a range of addresses. */
  host: string | [ipaddr.IPv4 | ipaddr.IPv6, number];
  /** The only port that may be called. null: 80 and 443. */
  port: string | null;
}

const allowedTargetForm =
  'a host, address or CIDR subnet, with a port unless that is 80 or 443, such as hooks.internal:8443, 10.0.0.0/8:8080 or [fd00::/8]:8080';

/** Returns null for a text that is not such an entry. */
export function readAllowedTarget(text: string): AllowedTarget | null {
  const parts = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  // IPv6 without brackets has no port.
  const host = parts?.[1] ?? parts?.[2] ?? text;
  const port = parts?.[3] ?? null;
  if (port !== null && (Number(port) < 1 || Number(port) > 65_535)) return null;
  const range = readRange(host);
  if (range !== null) return { host: range, port };
  return isHostName(host) ? { host: host.toLowerCase(), port } : null;
}

/** Says what is wrong with an entry of the allow list. null: nothing. */
export function targetProblem(text: string): string | null {
  return readAllowedTarget(text) === null ? `expected ${allowedTargetForm}` : null;
}

/** True if this entry permits a call to `host`, which has these addresses, at `port`. */
export function allows(
  { host, port }: AllowedTarget,
  called: { host: string; port: string; addresses: readonly string[] },
): boolean {
  const isPort = port === null ? isUsualPort(called.port) : port === called.port;
  if (!isPort) return false;
  if (typeof host === 'string') return host === called.host.toLowerCase();
  return called.addresses.every((text) => {
    const address = ipaddr.process(text);
    return address.kind() === host[0].kind() && address.match(host);
  });
}

export function isUsualPort(port: string): boolean {
  return port === '80' || port === '443';
}

function isHostName(text: string): boolean {
  return /^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(text) && !/^[\d.]+$/.test(text);
}

/** Accepts IPv4 only as four decimal parts, because readers disagree on what `10.1`, `012.0.0.1` and `0x0a000001` mean. */
function readRange(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | null {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const isIPv4 = ipaddr.IPv4.isValidFourPartDecimal(address);
  if (!isIPv4 && !(address.includes(':') && !address.includes('%') && ipaddr.IPv6.isValid(address))) return null;
  const parsed = ipaddr.process(address);
  const width = parsed.kind() === 'ipv4' ? 32 : 128;
  const mapped = !isIPv4 && width === 32 ? 96 : 0;
  const length = bits === undefined ? width : Number(bits) - mapped;
  return length >= 0 && length <= width ? [parsed, length] : null;
}
