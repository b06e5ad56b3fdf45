import { randomBytes } from 'node:crypto';

/** 32 lower-case hex digits of a UUIDv7: it sorts by time, and its first 48 bits are the milliseconds. Source: RFC 9562. */
export function v7(now: Date): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now.getTime(), 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex');
}

/** The same as dashed text, the form in which PostgreSQL gives a uuid back. */
export function dashed(id: string): string {
  return id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function undashed(uuid: string): string {
  return uuid.replaceAll('-', '');
}
