import { UsageError } from './usage-error.ts';

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** How the option is explained in the help of commands. */
export const sinceMeaning = 'an ISO time such as 2026-03-15T12:00Z, or 30m, 6h, 2d ago';

/** Reads `--since`. Throws UsageError. */
export function readSince(text: string, now: Date): Date {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return new Date(now.getTime() - Number(count) * (unitMs[unit ?? ''] ?? 0));
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? new Date(text) : new Date(Number.NaN);
  if (Number.isNaN(at.getTime())) throw new UsageError(`--since ${text}: expected an ISO time, or 30m, 6h, 2d ago`);
  return at;
}
