import { RequestError } from '../errors.ts';
import { type Identifier, memberOf, readIdentifier } from '../people/profile/identifiers.ts';

/** The query parameters that name one person. */
export const personParameters = ['external_id', 'alias_label', 'alias_name', 'braze_id'];

/** What is wrong with an identifier that names nobody, by the member that it was read from. */
export function nobodyHas(identifier: Identifier): string {
  return `${memberOf(identifier)}: nobody of this workspace has it`;
}

/** Reads how a query names a person. null: it does not. Throws RequestError. */
export function readPersonQuery(query: URLSearchParams): Identifier | null {
  const of = (name: string) => query.get(name) || undefined;
  const [label, name] = [of('alias_label'), of('alias_name')];
  if ((label === undefined) !== (name === undefined))
    throw new RequestError('bad_request', ['alias_label, alias_name: expected both or neither, got one']);
  const alias = label === undefined ? undefined : { alias_label: label, alias_name: name };
  const given = { external_id: of('external_id'), user_alias: alias, braze_id: of('braze_id') };
  if (Object.values(given).filter((value) => value !== undefined).length > 1)
    throw new RequestError('bad_request', [
      'external_id, alias_label and alias_name, braze_id: expected only one of them',
    ]);
  return readIdentifier(given);
}
