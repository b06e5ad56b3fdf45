import { DatabaseUnusableError } from '../unusable.ts';

export const OLDEST_MAJOR = 15;

/** `150013` → `15.13`, `90624` → `9.6.24`. Source: PostgreSQL, "PQserverVersion". */
export function versionText(number: number): string {
  const [major, rest] = [Math.floor(number / 10_000), number % 10_000];
  return major >= 10 ? `${major}.${rest}` : `${major}.${Math.floor(rest / 100)}.${rest % 100}`;
}

/** Throws DatabaseUnusableError when the server is too old for the statements of Cresset. */
export function refuseOldServer(number: number): void {
  if (number >= OLDEST_MAJOR * 10_000) return;
  throw new DatabaseUnusableError(
    `The database is PostgreSQL ${versionText(number)}; Cresset needs ${OLDEST_MAJOR} or newer. Upgrade it, or name another one with DATABASE_URL.`,
  );
}
