import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { BodyReader } from '../body-reader.ts';
import type { OperatorRoute } from '../route.ts';
import { findKinds, findMatches, keyNamed } from './matches.ts';

/** Longest text: web push subscriptions are the longest ids. */
const LONGEST = 4_096;

/** One field for any id. A POST, so that what is pasted is in no log of URLs. */
export function findRoutes({ db, catalog }: { db: Database; catalog: Catalog }): OperatorRoute[] {
  return [
    {
      method: 'POST',
      path: '/operator/v1/find',
      role: 'viewer',
      async handle({ workspaceId, body }) {
        const reader = new BodyReader(body, ['text']);
        const text = trimmed(reader.text('text', { most: LONGEST }));
        reader.end();
        if (text === '') throw new RequestError('bad_request', ['text: expected something beside blanks and quotes']);
        const workspace = catalog.workspace(workspaceId);
        if (workspace === undefined) throw new RequestError('not_found', ['the workspace is gone']);
        const key = keyNamed(catalog, text);
        const matches = key === null ? await findMatches(db, workspace, text) : [];
        return {
          status: 200,
          body: { is_api_key: key !== null, matches, looked_up_as: findKinds, message: 'success' },
        };
      },
    },
  ];
}

/** Without the blanks, quotes and brackets that a pasted id often has around it. */
function trimmed(text: string): string {
  return text.replace(/^[\s"'`<(]+|[\s"'`>),;]+$/g, '');
}
