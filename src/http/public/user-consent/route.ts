import type { Db } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import { isObject, own } from '../../../lib/raw/json.ts';
import { changeAnswer, listConsent } from '../../../people/consent/record/read.ts';
import { findPerson } from '../../../people/profile/find-person.ts';
import { type Identifier, readExternalId } from '../../../people/profile/identifiers.ts';
import { nobodyHas, personParameters, readPersonQuery } from '../../person-query.ts';
import { nextCursor, readCursor, readLimit } from '../../query.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';

const pageParameters = ['limit', 'cursor'];

/** Show how the subscription states of one person changed: by external id in the path, or by any name in the query. */
export function userConsentRoutes({ db }: { db: Db }): Route[] {
  async function list({ query, workspaceId }: RouteRequest, identifier: Identifier): Promise<Answer> {
    const before = readCursor(query, isCursor)?.id ?? null;
    const limit = readLimit(query, { usual: 100, most: 500 });
    const person = await findPerson(db, workspaceId, identifier);
    if (person === null) throw new RequestError('not_found', [nobodyHas(identifier)]);
    const found = await listConsent(db, person.key, { before, limit: limit + 1 });
    const changes = found.slice(0, limit);
    const last = changes.at(-1);
    const next = found.length > limit && last !== undefined ? { id: last.id } : null;
    const ids = { external_id: person.externalId, braze_id: person.brazeId };
    return {
      status: 200,
      body: { ...ids, consent_changes: changes.map(changeAnswer), ...nextCursor(next), message: 'success' },
    };
  }

  return [
    {
      method: 'GET',
      path: '/users/:external_id/consent',
      permission: 'consent.read',
      query: pageParameters,
      handle: (request) => list(request, { kind: 'name', name: readExternalId(request.params.external_id) }),
    },
    {
      method: 'GET',
      path: '/users/consent',
      permission: 'consent.read',
      query: [...personParameters, ...pageParameters],
      handle(request) {
        const identifier = readPersonQuery(request.query);
        if (identifier !== null) return list(request, identifier);
        throw new RequestError('bad_request', [`${personParameters.join(', ')}: expected a person, got none`]);
      },
    },
  ];
}

function isCursor(value: unknown): value is { id: number } {
  return isObject(value) && Number.isSafeInteger(own(value, 'id'));
}
