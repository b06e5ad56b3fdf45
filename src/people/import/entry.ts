/** One record of a file. */
export interface Entry {
  /** The line on which the record begins. The first line is 1. */
  line: number;
  sizeBytes: number;
  /** Returns the attributes object of the record. Throws ObjectProblem. */
  read(): unknown;
  /** Returns as much of the record as can be read, for the rejects file. */
  shown(): unknown;
}

/** The file as a whole cannot be imported. The message is for the person who named the file. */
export class ImportFileError extends Error {
  override name = 'ImportFileError';
}

/** Size of the largest record, in bytes. It equals the default limit of a request body. */
export const maxRecordBytes = 4 * 1024 * 1024;
