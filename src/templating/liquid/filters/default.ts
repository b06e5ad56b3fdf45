import { takesUpTo } from '../filter.ts';
import { isEmpty, isHash, isNil, isTruthy } from '../values/values.ts';

/** Stands in for nil, false and what is empty; with `allow_false: true` not for false. Blanks are not empty. */
export const defaultFilter = takesUpTo(0, 2, (input, [first = '', second]) => {
  const options = isHash(second) ? second : {};
  const isMissing = isTruthy(options.allow_false) ? isNil(input) : !isTruthy(input);
  return isMissing || isEmpty(input) ? first : input;
});
