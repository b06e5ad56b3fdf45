const LONGEST = 500;

/** A text of a callback that may be an id or a name. null: it is none, is empty or is too long. */
export function shortText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST ? value : null;
}

/** The digits of a number in Meta's form, without its plus sign. null: it is none. */
export function digitsOf(value: unknown): string | null {
  return typeof value === 'string' ? (/^\+?([1-9]\d{6,14})$/.exec(value)?.[1] ?? null) : null;
}

/** Seconds since 1970, as a text or a number. null: it is no time. */
export function timeOf(value: unknown): Date | null {
  const seconds = typeof value === 'string' && /^\d{1,11}$/.test(value) ? Number(value) : value;
  const isTime = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0 && seconds < 1e11;
  return isTime ? new Date(seconds * 1_000) : null;
}
