import { maxAliasBytes } from '../../../people/profile/identifiers.ts';
import { priorities } from '../../../people/profile/prioritization.ts';
import { given, list, oneOf, required, type Schema, text } from '../../openapi/schema.ts';

const aliasPart = (what: string) => text(`The ${what}, of at most ${maxAliasBytes} bytes.`);

/** An alias that names a person. */
export const aliasGiven: Schema = given(
  { alias_name: required(aliasPart('name')), alias_label: required(aliasPart('label')) },
  'The person with this alias.',
);
export const prioritization = list(
  oneOf(priorities),
  'How people who share the address are narrowed down to one, in this order.',
);
