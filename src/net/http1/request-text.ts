/** The request cannot be written as HTTP. Nothing of it was sent, and no retry helps. */
export class MalformedRequest extends Error {
  override name = 'MalformedRequest';
  readonly code = 'malformed_request';
}

export interface RequestParts {
  method: string;
  /** The default value of the header `host`. */
  host: string;
  path: string;
  headers: Readonly<Record<string, string>>;
  body: Buffer | string | null;
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const unsendable = /[^\t\x20-\x7e\x80-\xff]/;
const noPath = /[^\x21-\xff]/;
/** Headers that belong to the connection, which nobody else may decide about. Source: RFC 9110 §7.6.1. */
const ofConnection: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
]);
/** Methods whose missing body is said to be empty. Source: RFC 9110 §8.6. */
const sayEmpty: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** Writes the head of a request. Each character is a byte. Throws MalformedRequest. */
export function requestHead({ method, host, path, headers, body }: RequestParts): string {
  if (!token.test(method) || path === '' || noPath.test(path)) throw new MalformedRequest('the method or the path');
  const length = body === null ? 0 : Buffer.byteLength(body);
  let namesHost = false;
  let namesConnection = false;
  let lines = '';
  for (const name in headers) {
    const value = headers[name] ?? '';
    const lower = readName(name);
    if (unsendable.test(value)) throw new MalformedRequest(name);
    if (lower === 'content-length') {
      if (value !== String(length)) throw new MalformedRequest(name);
      continue;
    }
    if (lower === 'host') namesHost = true;
    if (lower === 'connection') {
      if (!/^(close|keep-alive)$/i.test(value)) throw new MalformedRequest(name);
      namesConnection = true;
    }
    lines += `${name}: ${value}\r\n`;
  }
  const ours = `${namesHost ? '' : `host: ${host}\r\n`}${namesConnection ? '' : 'connection: keep-alive\r\n'}`;
  const size = body !== null || sayEmpty.has(method) ? `content-length: ${length}\r\n` : '';
  return `${method} ${path} HTTP/1.1\r\n${ours}${lines}${size}\r\n`;
}

/** Names in lower case that were looked at before. Callers have few, and send them with every message. */
const knownNames = new Map<string, string>();
const MOST_KNOWN = 500;
const LONGEST_KNOWN = 100;

/** The name of a header in lower case. Throws MalformedRequest for one that nobody may send. */
function readName(name: string): string {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  if (!token.test(name) || ofConnection.has(lower)) throw new MalformedRequest(name);
  if (name.length > LONGEST_KNOWN) return lower;
  if (knownNames.size >= MOST_KNOWN) knownNames.clear();
  knownNames.set(name, lower);
  return lower;
}
