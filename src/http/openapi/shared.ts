import type { Parameter } from './operation.ts';
import { answered, flag, integer, list, type Members, optional, type Schema, text, time } from './schema.ts';

/** An answer: these members, and `message`. */
export function success(members: Members = {}): Schema {
  return answered({ ...members, message: text('`success`.') });
}

/** Remarks that our answers hold beyond the original's. */
export const warnings = optional(
  answered({ warnings: list(text(), 'What was ignored or changed.') }, 'What only Cresset says.'),
);
export const minorErrors = optional(list(text(), 'What was left out of a request that was accepted all the same.'));

export const limitOf = (most: number, usual: number): Parameter => ({
  schema: integer(`Entries of a page. Default: ${usual}.`, { min: 1, max: most }),
});
export const cursor: Parameter = { schema: text('`next_cursor` of the page before. Absent: the first page.') };
export const nextCursor = optional(text('`cursor` of the next page. Absent on the last page.'));
export const pageNumber: Parameter = { schema: integer('The page, from 0.', { min: 0 }) };
export const sortDirection: Parameter = {
  schema: { type: 'string', enum: ['asc', 'desc'], description: 'The order.' },
};

export const optionalFlag = (description: string): Parameter => ({ schema: flag(description) });
export const optionalText = (description: string): Parameter => ({ schema: text(description) });
export const requiredText = (description: string): Parameter => ({ schema: text(description), isRequired: true });
export const optionalTime = (description: string): Parameter => ({ schema: time(description) });
export const words = (all: readonly string[], description: string): Parameter => ({
  schema: { type: 'string', enum: [...all], description },
});
export const repeated = (description: string): Parameter => ({ schema: list(text(), description) });

/** The parameters of lists of campaigns, segments and Canvases. */
export const listQuery: Readonly<Record<string, Parameter>> = {
  page: pageNumber,
  include_archived: optionalFlag('Whether archived ones are listed. Default: no.'),
  sort_direction: sortDirection,
  'last_edit.time[gt]': optionalTime('Only those that were changed after this time.'),
};

/** The parameters of every data series. */
export const seriesQuery: Readonly<Record<string, Parameter>> = {
  length: { schema: integer('Days or hours of the series.', { min: 1, max: 100 }), isRequired: true },
  ending_at: optionalTime('The end of the series. Default: now.'),
};

export const tagNames = list(text(), 'Tags.');
export const optionalInteger = (description: string): Parameter => ({ schema: integer(description) });
