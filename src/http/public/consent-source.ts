import { RequestError } from '../../errors.ts';
import { describe, isObject, memberPath, own } from '../../lib/raw/json.ts';
import { isGiven } from '../../lib/raw/lenient.ts';
import { isStorable } from '../../lib/raw/storable.ts';
import type { ConsentSource } from '../../people/consent/record/source.ts';
import type { RouteRequest } from '../route.ts';

/** Longest legal basis. */
export const MOST_CHARACTERS = 255;

/**
 * Who changes consent with a request: its key, and the legal basis that it gives in `cresset.legal_basis`. Throws
 * RequestError if it gives something else there.
 */
export function consentSourceOf({ body, apiKey }: Pick<RouteRequest, 'body' | 'apiKey'>): ConsentSource {
  const legalBasis = readLegalBasis(own(body, 'cresset'));
  return { door: 'api', key: apiKey.name, ...(legalBasis !== null && { legalBasis }) };
}

function readLegalBasis(options: unknown): string | null {
  if (!isGiven(options)) return null;
  if (!isObject(options)) throw wrong(`cresset: expected an object, got ${describe(options)}`);
  const [unknown] = Object.keys(options).filter((key) => key !== 'legal_basis');
  if (unknown !== undefined) throw wrong(`${memberPath('cresset', unknown)}: not known; expected legal_basis`);
  const value = own(options, 'legal_basis');
  if (!isGiven(value)) return null;
  const isGood =
    typeof value === 'string' && value.trim() !== '' && value.length <= MOST_CHARACTERS && isStorable(value);
  if (isGood) return value;
  throw wrong(`cresset.legal_basis: expected a text of 1 to ${MOST_CHARACTERS} characters, got ${describe(value)}`);
}

function wrong(problem: string): RequestError {
  return new RequestError('bad_request', [problem]);
}
