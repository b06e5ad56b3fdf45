// A backup file: MAGIC, and then records, compressed with zstd. A record is its kind (1 byte), the length of its content (4
// bytes, big-endian), and the content. In order: the header; for each table its data and its end; the trailer, which has the
// SHA-256 of all bytes of records before it. The data of a table is what PostgreSQL's COPY writes as text.

export const MAGIC = Buffer.from('CRESSET BACKUP 1\n');

export const kinds = { header: 'H', data: 'D', tableEnd: 'E', trailer: 'Z' } as const;
export type RecordKind = keyof typeof kinds;

/** Bytes of a record before its content. */
export const RECORD_HEAD = 5;
/** Most bytes of the content of a data record, and of every other. */
export const MOST_DATA_BYTES = 1_048_576;
export const MOST_TEXT_BYTES = 16_777_216;

/** A table with its columns, in the order in which the data has them. */
export interface StoredTable {
  name: string;
  columns: string[];
}

/** A partition by range. `from`, `to`: as PostgreSQL prints them. */
export interface StoredPartition {
  parent: string;
  name: string;
  from: string;
  to: string;
}

export interface Header {
  /** The version of Cresset that made the backup. */
  version: string;
  /** The version of PostgreSQL that it was made from, such as `18.4`. */
  postgres: string;
  /** When the snapshot was taken, by the database's clock. Everything before it is in the backup. */
  takenAt: Date;
  /** The migrations that made the schema, in order. */
  migrations: string[];
  /** Shows with which CRESSET_SECRET the credentials are sealed. null: none was in use. */
  secretFingerprint: string | null;
  /** In an order in which they can be filled: a table comes after those that it refers to. */
  tables: StoredTable[];
  partitions: StoredPartition[];
}

export interface TableEnd {
  name: string;
  rows: number;
}

/** `last`: the last number drawn. Read after the data, so that no later row has a higher one. */
export interface StoredSequence {
  name: string;
  last: number;
}

export interface Trailer {
  rows: number;
  sequences: StoredSequence[];
  /** Hex. */
  sha256: string;
}

export function recordOf(kind: RecordKind, content: Buffer): Buffer {
  const record = Buffer.allocUnsafe(RECORD_HEAD + content.length);
  record.write(kinds[kind], 0, 'latin1');
  record.writeUInt32BE(content.length, 1);
  content.copy(record, RECORD_HEAD);
  return record;
}

export function jsonRecord(kind: RecordKind, content: Header | TableEnd | Trailer): Buffer {
  return recordOf(kind, Buffer.from(JSON.stringify(content)));
}
