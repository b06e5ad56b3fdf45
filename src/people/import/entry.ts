/** One record as it stands in a file. */
export interface Entry {
  /** Where it begins, from 1 on. */
  line: number;
  sizeBytes: number;
  /** The attributes object it says. Throws ObjectProblem. */
  read(): unknown;
  /** For the file of rejects: as much of it as can be told. */
  shown(): unknown;
}

/** The file cannot be imported as a whole; worded for the person who named it. */
export class ImportFileError extends Error {
  override name = 'ImportFileError';
}

/** The largest record: as large as the largest body of a request is by default. */
export const maxRecordBytes = 4 * 1024 * 1024;
