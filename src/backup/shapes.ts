import { Problems } from '../lib/raw/problems.ts';
import {
  checked,
  integer,
  list,
  matching,
  object,
  required,
  requiredOrNull,
  type Shape,
  text,
} from '../lib/raw/shape.ts';
import { BackupFileError } from './error.ts';

/** Names become part of statements, so nothing else is let through. */
const name = matching(/^[a-z_][a-z0-9_]{0,62}$/, 'a name of lower-case letters, digits and _');
/** A bound of a partition: an id or a time. */
const bound = matching(/^[0-9a-f :+.-]{1,40}$/, 'an id or a time');
const time = checked(text(), (value) => (Number.isNaN(Date.parse(value)) ? 'expected a time' : null));
const count = integer(0, Number.MAX_SAFE_INTEGER);
const MOST_PARTITIONS = 1_000_000;

export const headerShape = object({
  version: required(text({ max: 64 })),
  postgres: required(text({ max: 64 })),
  takenAt: required(time),
  migrations: required(list(matching(/^\d{4}_[a-z0-9_]+$/, 'the name of a migration'))),
  secretFingerprint: requiredOrNull(matching(/^[0-9a-f]{8}$/, 'eight hex digits')),
  tables: required(list(object({ name: required(name), columns: required(list(name)) }))),
  partitions: required(
    list(
      object({ parent: required(name), name: required(name), from: required(bound), to: required(bound) }),
      MOST_PARTITIONS,
    ),
  ),
});

export const tableEndShape = object({ name: required(name), rows: required(count) });

export const trailerShape = object({
  rows: required(count),
  sequences: required(list(object({ name: required(name), last: required(count) }))),
  sha256: required(matching(/^[0-9a-f]{64}$/, '64 hex digits')),
});

/** Reads the content of a record. Throws BackupFileError. */
export function readContent<T>(shape: Shape<T>, content: Buffer, what: string, path: string): T {
  const problems = new Problems();
  const read = shape(parse(content), what, problems);
  if (read !== undefined) return read;
  throw new BackupFileError(`${path}: the backup is damaged: ${problems.texts.join('; ')}. Nothing of it is used.`);
}

function parse(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString());
  } catch {
    return undefined; // No shape takes it.
  }
}
