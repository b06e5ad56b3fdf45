/** A backup file cannot be used or written. The message is for the operator. */
export class BackupFileError extends Error {
  override name = 'BackupFileError';
}

/** True: the operating system refused something, as with `ENOENT` or `ENOSPC`. */
export function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^E[A-Z0-9]+$/.test(String(error.code));
}
