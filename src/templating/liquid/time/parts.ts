/** What a text says about a time. Absent: not said. */
export interface Parts {
  year?: number;
  month?: number;
  day?: number;
  dayOfYear?: number;
  hour?: number;
  minute?: number;
  second?: number;
  /** Digits behind the point of the second. */
  fraction?: string;
  zone?: string;
  /** The year was written in full: 27 is not 2027. */
  isFullYear?: boolean;
  isBeforeChrist?: boolean;
}

export function integerOf(digits: string | undefined): number {
  return Number.parseInt(digits ?? '', 10);
}
