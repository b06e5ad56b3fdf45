import { intArray, textArray } from '../../../db/array-text.ts';
import type { Db, Transaction } from '../../../db/database.ts';
import { hotStatement } from '../../../db/hot-statement.ts';
import { plainText } from '../../../db/plain-text.ts';
import { sql } from '../../../db/sql.ts';
import type { SendKey } from '../send.ts';

/** A send that is found by the provider's id of its message. */
export interface ProviderMessage {
  workspaceId: number;
  send: SendKey;
  id: string;
}

/** Makes sends findable by the ids that their provider gave. In the transaction that writes their verdicts. */
export function rememberMessages(tx: Transaction, messages: readonly ProviderMessage[]): void {
  if (messages.length > 0) insertMessages.later(tx, { messages });
}

const insertMessages = hotStatement<{ messages: readonly ProviderMessage[] }, never>(
  'remember_messages',
  (param) => sql`
    insert into provider_messages (workspace_id, channel, provider_message_id, dispatch_id, bucket, user_id)
    select *
      from unnest(${param(({ messages }) => intArray(messages.map(({ workspaceId }) => workspaceId)))}::integer[],
                  ${param(({ messages }) => textArray(messages.map(({ send }) => send.channel)))}::text[],
                  ${param(({ messages }) => textArray(messages.map(({ id }) => plainText(id))))}::text[],
                  ${param(({ messages }) => textArray(messages.map(({ send }) => send.dispatchId)))}::uuid[],
                  ${param(({ messages }) => intArray(messages.map(({ send }) => send.bucket)))}::integer[],
                  ${param(({ messages }) => intArray(messages.map(({ send }) => send.userId)))}::bigint[])
        as x(workspace_id, channel, provider_message_id, dispatch_id, bucket, user_id)`,
);

/** Which message of a provider is asked for. */
export interface MessageName {
  workspaceId: number;
  channel: string;
  id: string;
}

/**
 * The sends of these messages, by `messageKey`. Of two with one id, that of the newest dispatch, and of one dispatch that of
 * the first bucket and person. Unknown ones are missing.
 */
export async function findMessages(db: Db, names: readonly MessageName[]): Promise<Map<string, SendKey>> {
  if (names.length === 0) return new Map();
  const rows = await selectMessages(db, { names });
  return new Map(
    rows.map(({ workspace_id, id, ...send }) => [messageKey({ workspaceId: workspace_id, id, ...send }), send]),
  );
}

export function messageKey({ workspaceId, channel, id }: MessageName): string {
  return JSON.stringify([workspaceId, channel, id]);
}

const selectMessages = hotStatement<{ names: readonly MessageName[] }, SendKey & { workspace_id: number; id: string }>(
  'find_provider_messages',
  (param) => sql`
    select m.workspace_id, m.channel, m.provider_message_id as id, m.dispatch_id as "dispatchId", m.bucket,
           m.user_id as "userId"
      from unnest(${param(({ names }) => intArray(names.map(({ workspaceId }) => workspaceId)))}::integer[],
                  ${param(({ names }) => textArray(names.map(({ channel }) => channel)))}::text[],
                  ${param(({ names }) => textArray(names.map(({ id }) => id)))}::text[]) as x(workspace_id, channel, id)
      join provider_messages m
        on m.provider_message_id = x.id and m.workspace_id = x.workspace_id and m.channel = x.channel
     order by m.dispatch_id, m.bucket desc, m.user_id desc`,
);
