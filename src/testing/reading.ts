import { sql } from '../db/sql.ts';
import { listReceived } from '../dispatch/ledger/person/received.ts';
import { listSandbox, type SandboxCursor } from '../dispatch/report/sandbox.ts';
import { dashed } from '../lib/uuid.ts';
import { exportByKeys } from '../people/export/export.ts';
import { nameKey, type PersonKey, resolveNames } from '../people/profile/identify.ts';
import type { MessageFilter, Person, SentMessage } from './cresset.ts';
import type { Instance } from './instance.ts';

const PAGE = 500;
const DISPATCH_ID = /^[0-9a-f]{32}$/;

/** Everybody who is stored, oldest first. */
export async function listPeople({ db, workspace }: Instance, now: Date): Promise<Person[]> {
  const keys = await db.query<PersonKey & Record<string, unknown>>(sql`
    select bucket, user_id as "userId" from profiles where workspace_id = ${workspace().id} order by user_id`);
  const people: Person[] = [];
  for (let start = 0; start < keys.length; start += PAGE) {
    const form = { fields: null, workspace: workspace(), now, listReceived };
    people.push(...(await exportByKeys(db, keys.slice(start, start + PAGE), form)));
  }
  return people;
}

/** The messages of the sandbox in the order of their delivery. Throws TypeError for an id that is none. */
export async function listSent({ db, workspace }: Instance, filter: MessageFilter): Promise<SentMessage[]> {
  const { dispatchId = null, externalId, channel = null } = filter;
  if (dispatchId !== null && !DISPATCH_ID.test(dispatchId))
    throw new TypeError('dispatchId: expected 32 lower-case hex digits');
  const workspaceId = workspace().id;
  const names = externalId === undefined ? [] : [{ label: '', name: externalId }];
  const person = (await resolveNames(db, workspaceId, names)).get(nameKey('', externalId ?? '')) ?? null;
  if (externalId !== undefined && person === null) return [];
  const found: SentMessage[] = [];
  let after: SandboxCursor | null = null;
  do {
    const query = { workspaceId, dispatchId: dispatchId === null ? null : dashed(dispatchId), person, channel, after };
    const { messages, next }: Awaited<ReturnType<typeof listSandbox>> = await listSandbox(db, {
      ...query,
      limit: PAGE,
    });
    found.push(...messages.map(plain));
    after = next;
  } while (after !== null);
  return found.sort((one, other) => Date.parse(one.delivered_at) - Date.parse(other.delivered_at));
}

/** The message as the API answers it, so that times are texts. */
function plain(message: object): SentMessage {
  return JSON.parse(JSON.stringify(message)) as SentMessage;
}
