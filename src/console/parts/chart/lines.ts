/** One line of a chart, and one column of its table. */
export interface Line {
  name: string;
  /** One number for each day. */
  values: readonly number[];
}

/** How the lines of a chart are told apart, in their order: colour is kept for verdicts. */
export const dashes: readonly (readonly number[])[] = [[], [5, 4], [2, 3]];
