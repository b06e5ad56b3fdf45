import type { Parameter } from '../openapi/operation.ts';
import { either, list, type Schema, text } from '../openapi/schema.ts';
import { limitOf, optionalTime, repeated } from '../openapi/shared.ts';
import { MOST_ADDRESSES } from './address-lists.ts';

/** A text or an array of texts. */
export function textOrTexts(description: string, most = MOST_ADDRESSES): Schema {
  return either(description, text(), list(text(), undefined, most));
}

export function addressesOf(kind: 'email' | 'phone'): Schema {
  const form = kind === 'email' ? 'Email addresses' : 'Phone numbers, such as `+4366412345678`';
  return textOrTexts(`${form}, at most ${MOST_ADDRESSES}.`);
}

/** The parameters of lists of addresses. `named`: the one that names addresses. */
export function periodQuery(named: string): Readonly<Record<string, Parameter>> {
  return {
    start_date: optionalTime(`The first day, at midnight UTC. Required without \`${named}\`.`),
    end_date: optionalTime(`The end. Required without \`${named}\`.`),
    limit: limitOf(500, 100),
    offset: { schema: { type: 'integer', minimum: 0, description: 'Entries to leave out.' } },
    [`${named}[]`]: repeated(
      `Addresses that are asked for, at most ${MOST_ADDRESSES}; then the period does not count.`,
    ),
  };
}
