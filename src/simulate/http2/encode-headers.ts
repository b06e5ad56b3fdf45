import { fixedIndex } from './header-table.ts';

const statusIndex: ReadonlyMap<number, number> = new Map(
  [200, 204, 206, 304, 400, 404, 500].map((status, position): [number, number] => [status, 8 + position]),
);

/** More octets than `writeHeaders` can need for these headers. */
export function headersRoom(headers: readonly (readonly [string, string])[]): number {
  let room = 16;
  for (const [name, value] of headers) room += name.length + value.length + 16;
  return room;
}

/**
 * Writes one header block at `at` and returns where it ends. Every header is written in full and nothing is added to
 * the table of the other end. Source: RFC 7541 §6.2.2 (literals without indexing), §6.1 (well-known statuses).
 */
export function writeHeaders(
  to: Buffer,
  at: number,
  status: number,
  headers: readonly (readonly [string, string])[],
): number {
  let end = writeStatus(to, at, status);
  for (const [name, value] of headers) {
    const index = fixedIndex.get(name) ?? 0;
    end = writeInteger(to, end, index, 4);
    if (index === 0) end = writeText(to, end, name);
    end = writeText(to, end, value);
  }
  return end;
}

function writeStatus(to: Buffer, at: number, status: number): number {
  const index = statusIndex.get(status);
  if (index === undefined) return writeText(to, writeInteger(to, at, 8, 4), String(status));
  to[at] = 0x80 | index;
  return at + 1;
}

function writeText(to: Buffer, at: number, text: string): number {
  const start = writeInteger(to, at, text.length, 7);
  return start + to.write(text, start, 'latin1');
}

function writeInteger(to: Buffer, at: number, value: number, prefixBits: number): number {
  const most = (1 << prefixBits) - 1;
  if (value < most) {
    to[at] = value;
    return at + 1;
  }
  to[at] = most;
  let end = at + 1;
  let rest = value - most;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) to[end++] = (rest & 0x7f) | 0x80;
  to[end] = rest;
  return end + 1;
}
