import { hash } from 'node:crypto';
import { RequestError } from '../errors.ts';
import { isAllowed } from '../lib/allow-list.ts';
import { own, type RawObject } from '../lib/raw/json.ts';
import { isGiven } from '../lib/raw/lenient.ts';
import type { ApiKey, Catalog } from '../workspace/catalog.ts';
import type { Permission } from '../workspace/permissions.ts';

const bearer = /^bearer ([^\s"']+)$/i;

/** Where a request comes from: Fastify's request, which finds the address when it is asked for. Few keys ask. */
export interface Caller {
  readonly ip: string;
}

interface HeaderCaller extends Caller {
  readonly headers: { readonly authorization?: string | undefined };
}

/**
 * Returns the key in the header of a request. Throws RequestError if the key or the address is not good, checked in the
 * order of send.md §3.
 */
export function keyOfHeader(catalog: Catalog, caller: HeaderCaller): ApiKey {
  const given = bearer.exec(caller.headers.authorization ?? '')?.[1];
  if (given === undefined) throw noCredentials();
  return keyNamed(catalog, given, caller);
}

/**
 * Returns the key in the body of a request, where older clients have it. Throws RequestError if there is none, it is not
 * good, or its workspace does not take keys there.
 */
export function keyOfBody(catalog: Catalog, body: RawObject, caller: Caller): ApiKey {
  const given = [own(body, 'api_key'), own(body, 'app_group_id')].find(isGiven);
  if (typeof given !== 'string') throw noCredentials();
  const key = keyNamed(catalog, given, caller);
  if (catalog.workspace(key.workspaceId)?.settings.requests.keyInBody !== true) throw noCredentials();
  return key;
}

export function checkPermission(key: ApiKey, permission: Permission): void {
  if (key.permissions.has(permission)) return;
  throw new RequestError('no_permission', [`the key "${key.name}" lacks the permission ${permission}`]);
}

function keyNamed(catalog: Catalog, given: string, caller: Caller): ApiKey {
  const key = goodKey(catalog, given);
  if (key === undefined) throw new InvalidKeyError(given);
  if (key.allowFrom.length > 0 && !isAllowed(caller.ip, key.allowFrom)) throw new RequestError('address_not_allowed');
  return key;
}

/**
 * The keys that came before and were good, by their text: hashing one costs more than all other checks of a header. What is
 * deleted is gone with the catalog that had it.
 */
const cameBefore = new WeakMap<Catalog, Map<string, ApiKey>>();

/**
 * Keys are found by their SHA-256, so timing reveals nothing about them. Nor do maps: they compare texts only if their
 * hashes are equal, whose seed each process draws anew.
 */
function goodKey(catalog: Catalog, given: string): ApiKey | undefined {
  const known = cameBefore.get(catalog)?.get(given);
  if (known !== undefined) return known;
  const key = catalog.apiKey(hash('sha256', given, 'hex'));
  if (key === undefined) return undefined;
  const kept = cameBefore.get(catalog) ?? new Map<string, ApiKey>();
  cameBefore.set(catalog, kept.set(given, key));
  return key;
}

function noCredentials(): RequestError {
  return new RequestError('no_credentials', [
    'expected the header "Authorization: Bearer <API key>", without quotes',
    'a key in the body (api_key or app_group_id) counts only if the workspace file says requests: { key_in_body: true }',
  ]);
}

/** The answer shows at most the first four characters of the key, so that the caller can tell which one it sent. */
export class InvalidKeyError extends RequestError {
  readonly hint: string;

  constructor(key: string) {
    super('invalid_key', [
      'Authorization: no API key of this server has this value; "cresset keys list" shows the keys, "cresset keys create" makes one',
    ]);
    this.hint = `${key.slice(0, 4)}…`;
  }
}
