import { didYouMean } from '../../lib/raw/did-you-mean.ts';
import { readCountry, readLanguage } from '../../people/profile/countries-and-languages.ts';
import { leavesOf } from '../context.ts';
import type { AttributeName, Filter, Leaf } from './filter.ts';

/** Attributes that are stored in one form only, whatever form was tracked: `read` gives the form. */
const forms: ReadonlyMap<AttributeName, { read(text: string): string | null; form: string }> = new Map([
  ['country', { read: readCountry, form: 'two capital letters, such as AT' }],
  ['language', { read: readLanguage, form: 'two small letters, such as de' }],
]);

/** Values of a valid filter that no person can have, with their paths. */
export function slipsOf(filter: Filter | null): string[] {
  return leavesOf(filter).flatMap((leaf) => (leaf.kind === 'attribute' ? slipsIn(leaf) : []));
}

function slipsIn(leaf: Extract<Leaf, { kind: 'attribute' }>): string[] {
  const known = forms.get(leaf.name);
  if (known === undefined) return [];
  const wrong = textsOf(leaf).find((text) => known.read(text) !== text);
  if (wrong === undefined) return [];
  return [`${leaf.path}.value: ${leaf.name} is stored as ${known.form}${didYouMean(known.read(wrong))}`];
}

function textsOf(leaf: Leaf): readonly string[] {
  if ('values' in leaf) return leaf.values;
  return 'value' in leaf && typeof leaf.value === 'string' ? [leaf.value] : [];
}
