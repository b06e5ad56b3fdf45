import { hash, randomBytes, randomUUID } from 'node:crypto';
import type { Database, Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { RequestError } from '../errors.ts';
import type { Json } from '../lib/raw/json.ts';
import { type Actor, recordChange } from './audit.ts';
import { type Operator, operatorColumns } from './operators.ts';
import type { OperatorRole } from './roles.ts';

/** A session ends after this time without a request, and after this time whatever happens, in milliseconds. */
const IDLE_MS = 12 * 3_600_000;
const LONGEST_MS = 7 * 86_400_000;
/** `seen_at` is written at most this often. */
const SEEN_EVERY_MS = 60_000;
const LONGEST_AGENT = 300;
const TOKEN = /^[\w-]{43}$/;

/** Somebody who is signed in. */
export interface Session {
  id: string;
  operator: Operator;
}

export interface ListedSession {
  id: string;
  operator: string;
  beganAt: Date;
  seenAt: Date;
  address: string;
  userAgent: string;
}

/** Who begins a session, from where and when. */
export interface Visit {
  address: string;
  userAgent: string;
  now: Date;
}

/** Begins a session with a new token. Returns its only copy. Deletes sessions that are over. */
export function beginSession(db: Database, operator: Operator, visit: Visit): Promise<{ token: string; id: string }> {
  return db.transaction((tx) => addSession(tx, operator, visit, null));
}

/** The same within a transaction. `after`: what the audit says of it. */
export async function addSession(
  tx: Db,
  operator: Operator,
  { address, userAgent, now }: Visit,
  after: Json,
): Promise<{ token: string; id: string }> {
  const token = randomBytes(32).toString('base64url');
  const id = randomUUID();
  await tx.run(sql`delete from operator_sessions where ${isOver(now)}`);
  await tx.run(sql`
    insert into operator_sessions (token_hash, id, operator_id, began_at, seen_at, address, user_agent)
    values (${hashOf(token)}, ${id}, ${operator.id}, ${now}, ${now}, ${address}, ${userAgent.slice(0, LONGEST_AGENT)})`);
  const actor = { workspaceId: operator.workspaceId, name: operator.name, address };
  await recordChange(tx, actor, { action: 'session.begin', subject: id, before: null, after }, now);
  return { token, id };
}

/** Who has this token. null: nobody, or no more. */
export async function findSession(db: Db, token: string, now: Date): Promise<Session | null> {
  if (!TOKEN.test(token)) return null;
  const row = await db.maybeOne<Operator & { sessionId: string; seenAt: Date } & Record<string, unknown>>(sql`
    select s.id as "sessionId", s.seen_at as "seenAt", ${operatorColumns}
      from operator_sessions s
      join operators o on o.id = s.operator_id
     where s.token_hash = ${hashOf(token)} and not (${isOver(now)})`);
  if (row === null) return null;
  const { sessionId, seenAt, id, workspaceId, workspaces, name, role } = row;
  if (now.getTime() - seenAt.getTime() >= SEEN_EVERY_MS)
    await db.run(sql`update operator_sessions set seen_at = ${now} where token_hash = ${hashOf(token)}`);
  return { id: sessionId, operator: { id, workspaceId, workspaces, name, role } };
}

/** Which of these sessions are not over, with the roles of their operators. It does not count as a use of them. */
export function listStanding(db: Db, ids: readonly string[], now: Date): Promise<{ id: string; role: OperatorRole }[]> {
  return db.query<{ id: string; role: OperatorRole }>(sql`
    select s.id, o.role
      from operator_sessions s
      join operators o on o.id = s.operator_id
     where s.id = any(${ids}::uuid[]) and not (${isOver(now)})`);
}

/** The sessions of one operator or, with null, of all, the last used first. */
export function listSessions(db: Db, operatorId: string | null, now: Date): Promise<ListedSession[]> {
  return db.query<ListedSession & Record<string, unknown>>(sql`
    select s.id, o.name as operator, s.began_at as "beganAt", s.seen_at as "seenAt", s.address, s.user_agent as "userAgent"
      from operator_sessions s
      join operators o on o.id = s.operator_id
     where (${operatorId}::uuid is null or o.id = ${operatorId}) and not (${isOver(now)})
     order by s.seen_at desc, s.id
     limit 1000`);
}

/** Ends a session: one's own, or with `ofAll` anybody's. Throws RequestError if there is none. */
export async function endSession(
  db: Database,
  actor: Actor & { operatorId: string },
  { id, ofAll }: { id: string; ofAll: boolean },
  now: Date,
): Promise<void> {
  await db.transaction(async (tx) => {
    const ended = await tx.maybeOne<{ name: string }>(sql`
      delete from operator_sessions s
       using operators o
       where s.id::text = ${id} and o.id = s.operator_id and (${ofAll} or o.id = ${actor.operatorId})
      returning o.name`);
    if (ended === null) throw new RequestError('not_found', ['session_id: no session has this id']);
    const before = { operator: ended.name };
    await recordChange(tx, actor, { action: 'session.end', subject: id, before, after: null }, now);
  });
}

function isOver(now: Date) {
  const idle = new Date(now.getTime() - IDLE_MS);
  const longest = new Date(now.getTime() - LONGEST_MS);
  return sql`(seen_at < ${idle} or began_at < ${longest})`;
}

function hashOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
