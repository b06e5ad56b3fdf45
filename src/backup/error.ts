/** A file is no backup, or a damaged one, or there is one already. The message is for the operator. */
export class BackupFileError extends Error {
  override name = 'BackupFileError';
}

/** A backup could not be written, or was stopped. Nothing of it is left. The message is for the operator. */
export class BackupNotWrittenError extends Error {
  override name = 'BackupNotWrittenError';
}

/** True: the operating system refused something, as with `ENOENT` or `ENOSPC`. */
export function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^E[A-Z0-9]+$/.test(String(error.code));
}
