import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import { elementPath, own, type RawObject } from '../../../lib/raw/json.ts';
import { readFlag } from '../../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import { readName } from '../../../people/stored-text.ts';
import { MOST_BLOCKED, setBlocked } from '../../../workspace/blocked-attributes.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';

export interface BlocklistDeps {
  db: Database;
  /** Resolves when this server has read the operator's definitions again. */
  refreshCatalog(): Promise<void>;
}

/** Most names in one request. */
export const MOST_NAMES = 100;
const LONGEST_NAME_BYTES = 1_020;

/** Blocks custom attributes, or takes them off the blocklist. Source: more-endpoints.md §5.4. */
export function blocklistRoute(deps: BlocklistDeps): Route {
  return {
    method: 'POST',
    path: '/custom_attributes/blocklist',
    permission: 'custom_attributes.update',
    handle: (request) => handle(deps, request),
  };
}

async function handle({ db, refreshCatalog }: BlocklistDeps, { body, workspaceId }: RouteRequest): Promise<Answer> {
  const names = readNames(body);
  const reading = readFlag(own(body, 'blocklisted'));
  if (!reading.ok || reading.value === undefined) throw new ObjectProblem('blocklisted: expected a boolean');
  if (!(await setBlocked(db, { workspaceId, names, blocked: reading.value })))
    throw new RequestError('bad_request', [
      `custom_attribute_names: expected at most ${MOST_BLOCKED} names on the blocklist, with those that are on it`,
    ]);
  await refreshCatalog();
  return { status: 201, body: { message: 'success' } };
}

function readNames(body: RawObject): string[] {
  const member = 'custom_attribute_names';
  const given = own(body, member);
  const list: unknown = typeof given === 'string' ? [given] : given;
  if (!Array.isArray(list) || list.length === 0 || list.length > MOST_NAMES)
    throw new ObjectProblem(`${member}: expected an array of 1 to ${MOST_NAMES} names`);
  return list.map((name: unknown, index) => readName(name, elementPath(member, index), LONGEST_NAME_BYTES).trim());
}
