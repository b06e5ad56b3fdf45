import { hash } from 'node:crypto';
import { RequestError } from '../errors.ts';
import { isAllowed } from '../lib/allow-list.ts';
import type { ApiKey, Catalog } from '../workspace/catalog.ts';
import type { Permission } from '../workspace/permissions.ts';

const bearer = /^bearer ([^\s"']+)$/i;

/**
 * Returns the key of a request. Throws RequestError if the key, the address or the permission is not good, checked in the
 * order of send.md §3. Keys are found by their SHA-256, so timing reveals nothing about them.
 */
export function authorize(
  catalog: Catalog,
  request: { authorization: string | undefined; address: string; permission: Permission },
): ApiKey {
  const given = bearer.exec(request.authorization ?? '')?.[1];
  if (given === undefined) {
    throw new RequestError('no_credentials', ['expected the header "Authorization: Bearer <API key>", without quotes']);
  }
  const key = catalog.apiKey(hash('sha256', given, 'buffer'));
  if (key === undefined) throw new InvalidKeyError(given);
  if (!isAllowed(request.address, key.allowFrom)) throw new RequestError('address_not_allowed');
  if (!key.permissions.has(request.permission)) {
    throw new RequestError('no_permission', [`the key "${key.name}" lacks the permission ${request.permission}`]);
  }
  return key;
}

/** The answer shows at most the first four characters of the key, so that the caller can tell which one it sent. */
export class InvalidKeyError extends RequestError {
  readonly hint: string;

  constructor(key: string) {
    super('invalid_key');
    this.hint = `${key.slice(0, 4)}…`;
  }
}
