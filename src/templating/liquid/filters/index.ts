import type { Filter, Filters } from '../filter.ts';
import { dateFilters } from './dates.ts';
import { defaultFilter } from './default.ts';
import { encodingFilters } from './encodings.ts';
import { listFilters } from './lists.ts';
import { numberFilters } from './numbers.ts';
import { textFilters } from './texts.ts';

/** The filters of Liquid 5. */
export const standardFilters: Filters = new Map<string, Filter>([
  ...textFilters,
  ...encodingFilters,
  ...listFilters,
  ...numberFilters,
  ...dateFilters,
  ['default', defaultFilter],
]);
