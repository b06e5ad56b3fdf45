import { like, map, type Schema } from '../openapi/schema.ts';

/** A connected audience. docs/api/audience.md has its grammar, of which JSON Schema says too little. */
export const audience: Schema = like(
  { custom_attribute: { custom_attribute_name: 'plan', comparison: 'equals', value: 'gold' } },
  map(null, 'A connected audience: a filter, or `AND` or `OR` with a list of them.'),
);
