import { randomUUID } from 'node:crypto';

/** 32 lower-case hex digits of a UUIDv7: it sorts by time, and its first 48 bits are the milliseconds. Source: RFC 9562. */
export function v7(now: Date): string {
  const time = now.getTime().toString(16).padStart(12, '0');
  // The random bits of a UUIDv4, whose variant stands in the same place: they are drawn many at a time, a tenth of the cost.
  return `${time}7${undashed(randomUUID()).slice(13)}`;
}

/** The same as dashed text, the form in which PostgreSQL gives a uuid back. */
export function dashed(id: string): string {
  return id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function undashed(uuid: string): string {
  return uuid.replaceAll('-', '');
}
