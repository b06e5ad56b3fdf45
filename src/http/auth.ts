import { hash } from 'node:crypto';
import { RequestError } from '../errors.ts';
import { isAllowed } from '../lib/allow-list.ts';
import type { ApiKey, Catalog } from '../workspace/catalog.ts';
import type { Permission } from '../workspace/permissions.ts';

const bearer = /^bearer ([^\s"']+)$/i;

/**
 * The key of a request, or the reason it may not go on; in the order of send.md §3: key, address, permission.
 * Keys are found by their SHA-256, so no comparison of a secret can be timed.
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

/** Echoes at most the first four characters, so that a caller can tell which key it sent. */
export class InvalidKeyError extends RequestError {
  readonly hint: string;

  constructor(key: string) {
    super('invalid_key');
    this.hint = `${key.slice(0, 4)}…`;
  }
}
