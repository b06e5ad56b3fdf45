import type { Db } from '../../../db/database.ts';
import { listSandbox } from '../../../dispatch/report/sandbox.ts';
import { nameKey, resolveNames } from '../../../people/profile/identify.ts';
import type { Route } from '../../route.ts';
import { messagesAnswer } from './answer.ts';
import { readSandboxQuery, sandboxParameters } from './request.ts';

/** Shows the messages of channels without a provider. */
export function sandboxRoutes({ db }: { db: Db }): Route[] {
  return [
    {
      method: 'GET',
      path: '/sandbox/messages',
      permission: 'sandbox.read',
      query: sandboxParameters,
      async handle({ query, workspaceId }) {
        const { externalId, ...filter } = readSandboxQuery(query);
        const person = externalId === null ? null : await findPerson(db, workspaceId, externalId);
        if (person === undefined) return messagesAnswer([], null);
        const { messages, next } = await listSandbox(db, { ...filter, workspaceId, person });
        return messagesAnswer(messages, next);
      },
    },
  ];
}

/** Finds a person by external id. Undefined: nobody has it. */
async function findPerson(db: Db, workspaceId: number, externalId: string) {
  const found = await resolveNames(db, workspaceId, [{ label: '', name: externalId }]);
  return found.get(nameKey('', externalId));
}
