import { MAX_FILTERS } from '../../audience/grammar/parse.ts';
import { MAX_LIST, valueComparisons } from '../../audience/grammar/read-tests.ts';
import type { Json } from '../../lib/raw/json.ts';
import { globalStates } from '../../templating/facts.ts';
import {
  either,
  flag,
  given,
  like,
  list,
  number,
  oneOf,
  ref,
  required,
  type Schema,
  text,
  time,
} from '../openapi/schema.ts';

export const audienceExample: Json = {
  custom_attribute: { custom_attribute_name: 'plan', comparison: 'equals', value: 'gold' },
};

const group = (description: string): Schema => ({
  ...list(ref('Audience'), description, MAX_FILTERS),
  minItems: 1,
});
const state = (of: string) =>
  given({ comparison: required(oneOf(['is', 'is_not'])), value: required(oneOf(globalStates)) }, of);

/** A connected audience as `audience/grammar` reads it: one filter, or a group of them. docs/api/audience.md says what each means. */
const grammar: Schema = {
  ...given(
    {
      AND: group('All of these hold.'),
      OR: group('One of these holds.'),
      custom_attribute: given(
        {
          custom_attribute_name: required(text('The name, of which a dot is a part.')),
          comparison: required(oneOf(valueComparisons)),
          value: either(
            'What each comparison takes; none with `exists` and `does_not_exist`.',
            text(),
            number(),
            flag(),
            list(text(), 'With `includes_value`, `is_any_of` and their opposites.', MAX_LIST),
          ),
        },
        'A custom attribute.',
      ),
      push_subscription_status: state('The state of push messages.'),
      email_subscription_status: state('The state of mails.'),
      last_used_app: given(
        { comparison: required(oneOf(['after', 'before'])), value: required(time()) },
        'When the person last used an app.',
      ),
    },
    'A connected audience: exactly one member, which is a filter or a group. At most 200 filters, 10 levels and 256 KiB.',
  ),
  ...{ minProperties: 1, maxProperties: 1, additionalProperties: false },
};

/** The schemas that operations with an audience refer to. */
export const audienceSchemas: Readonly<Record<string, Schema>> = { Audience: like(audienceExample, grammar) };
export const audience: Schema = ref('Audience');
