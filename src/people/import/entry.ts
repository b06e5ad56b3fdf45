import type { History } from '../track/history.ts';
import type { Later } from './later-lines.ts';

/** One record of a file. */
export interface Entry {
  /** The line on which the record begins. The first line is 1. */
  line: number;
  sizeBytes: number;
  /** Throws ObjectProblem if nothing of the record can be read. */
  read(): Reading;
  /** Returns as much of the record as can be read, for the rejects file. */
  shown(): Shown;
}

/** An object as in a body of /users/track, and what could not be read and is not in it. */
export interface Reading {
  object: unknown;
  problems: readonly string[];
  /** The column that names the person, if its cell is among the problems: the record cannot go without it. null: none. */
  badName: string | null;
  /** What would read the value of a member that /users/track refuses, to be added to the problem. Absent: nothing is known. */
  hintFor?(name: string): string;
  /** What is left out of the record, which is applied without it. Absent: nothing. */
  left?: readonly string[];
  /** What another system knows of the person's past. Absent: the file is none of another system. */
  history?: History;
}

/**
 * A rejected record: what was read of a line of NDJSON, or the cells of a row by the names of its columns. `later`: of a
 * line of a rejects file that has it.
 */
export type Shown = ({ record: unknown } | { cells: unknown }) & { later?: Later };

/** What the records of a file are: objects of this array of /users/track. */
export const recordKinds = ['attributes', 'events', 'purchases'] as const;
export type RecordKind = (typeof recordKinds)[number];

/** The file as a whole cannot be imported. The message is for the person who named the file. */
export class ImportFileError extends Error {
  override name = 'ImportFileError';
}

/** Size of the largest record, in bytes. It equals the default limit of a request body. */
export const maxRecordBytes = 4 * 1024 * 1024;
