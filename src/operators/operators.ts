import { randomUUID } from 'node:crypto';
import type { Database, Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { RequestError } from '../errors.ts';
import { type Actor, recordChange } from './audit.ts';
import { linkEmail } from './openid/links.ts';
import { hashPassword, isPassword, makePassword } from './passwords.ts';
import type { OperatorRole } from './roles.ts';

/** The name of the operator that the first start makes. */
export const FIRST_OPERATOR = 'admin';
const ENVIRONMENT = 'CRESSET_ADMIN_PASSWORD';
/** Held while operators are made that no admin makes. */
export const CREATION_LOCK = 0x6f706572; // 'oper'

export interface Operator {
  id: string;
  /** The workspace in which the operator is: that of the URL, or the first one that the operator may enter. */
  workspaceId: number;
  /** The only workspaces that the operator may enter. null: all. */
  workspaces: readonly number[] | null;
  /** In lower case. */
  name: string;
  role: OperatorRole;
}

export interface ListedOperator extends Operator {
  createdAt: Date;
  createdBy: string;
  /** The email address of whom the operator is at the identity provider. null: only a password opens the console. */
  email: string | null;
  /** When a session of the operator was last used. null: there is none. */
  lastSeenAt: Date | null;
}

export interface OperatorChange {
  name: string;
  role?: OperatorRole;
  password?: string;
  /** null: all. */
  workspaces?: readonly number[] | null;
  email?: string | null;
  /** Id of the session that goes on. null: all end. */
  keep: string | null;
}

export interface NewOperator {
  name: string;
  role: OperatorRole;
  password: string;
  /** null: all. */
  workspaces: readonly number[] | null;
}

/** The columns of an operator, of `operators o`. */
export const operatorColumns = sql`
  o.id, o.workspace_id as "workspaceId", o.name, o.role,
  (select array_agg(w.workspace_id order by w.workspace_id) from operator_workspaces w where w.operator_id = o.id)
    as workspaces`;

/** The operator with this name and the hash of the password. null: there is none. */
export function findOperator(db: Db, name: string): Promise<(Operator & { passwordHash: string }) | null> {
  return db.maybeOne<Operator & { passwordHash: string } & Record<string, unknown>>(sql`
    select ${operatorColumns}, password_hash as "passwordHash"
      from operators o
     where name = ${name.toLowerCase()}`);
}

/** Operators are of the whole server. */
export function listOperators(db: Db): Promise<ListedOperator[]> {
  return db.query<ListedOperator & Record<string, unknown>>(sql`
    select ${operatorColumns}, created_at as "createdAt", created_by as "createdBy",
           (select email from operator_identities i where i.operator_id = o.id) as email,
           (select max(seen_at) from operator_sessions s where s.operator_id = o.id) as "lastSeenAt"
      from operators o
     order by name`);
}

/** Makes an operator. Throws RequestError if the name is taken, or there is no such workspace. */
export async function createOperator(db: Database, actor: Actor, made: NewOperator, now: Date): Promise<Operator> {
  const hash = await hashPassword(made.password);
  const { name, role, workspaces } = made;
  const operator = { id: randomUUID(), workspaceId: workspaces?.[0] ?? actor.workspaceId, name, role, workspaces };
  return db.transaction(async (tx) => {
    await insertOperator(tx, { ...operator, hash, createdBy: actor.name, now });
    const after = { role, ...(workspaces !== null && { workspaces: [...workspaces] }) };
    const change = { action: 'operator.create', subject: name, before: null, after };
    await recordChange(tx, actor, change, now);
    return operator;
  });
}

/**
 * Changes role, password or link, and ends the sessions of the operator, but for `keep`. `email`: whoever signs in first with
 * this verified address is this operator from then on; null: nobody is. Throws RequestError if there is no operator.
 */
export async function changeOperator(
  db: Database,
  actor: Actor,
  { name, role, password, workspaces, email, keep }: OperatorChange,
  now: Date,
): Promise<void> {
  const hash = password === undefined ? null : await hashPassword(password);
  await db.transaction(async (tx) => {
    const before = await lockOperator(tx, name);
    const next = role ?? before.role;
    const entered = workspaces === undefined ? before.workspaces : workspaces;
    if (isWholeAdmin(before) && !isWholeAdmin({ role: next, workspaces: entered }))
      await refuseWithoutAdmin(tx, before);
    await tx.run(sql`
      update operators
         set role = ${next}, password_hash = coalesce(${hash}::text, password_hash)
       where id = ${before.id}`);
    if (workspaces !== undefined) await restrict(tx, before.id, workspaces);
    if (email !== undefined) await linkEmail(tx, before.id, email, { by: actor.name, now });
    await endSessions(tx, before.id, keep);
    const after = {
      role: next,
      ...(hash !== null && { password: 'changed' }),
      ...(workspaces !== undefined && { workspaces: workspaces === null ? null : [...workspaces] }),
      ...(email !== undefined && { email }),
    };
    await recordChange(
      tx,
      actor,
      { action: 'operator.change', subject: name, before: { role: before.role }, after },
      now,
    );
  });
}

/** Deletes an operator and ends all sessions. Throws RequestError if there is none, or it is the last admin. */
export async function deleteOperator(db: Database, actor: Actor, name: string, now: Date): Promise<void> {
  await db.transaction(async (tx) => {
    const operator = await lockOperator(tx, name);
    const { id, role } = operator;
    if (isWholeAdmin(operator)) await refuseWithoutAdmin(tx, operator);
    await tx.run(sql`delete from operators where id = ${id}`);
    await endSessions(tx, id, null);
    await recordChange(tx, actor, { action: 'operator.delete', subject: name, before: { role }, after: null }, now);
  });
}

/**
 * Makes sure that somebody can sign in: gives the operator `admin` the environment's password, or makes `admin` with a
 * password of its own if there is no operator. Returns the password that it made, to be printed once. null: it
 * made none.
 */
export async function ensureAdmin(
  db: Database,
  workspaceId: number,
  given: string | null,
  now: Date,
): Promise<{ made: string | null }> {
  const known = await findOperator(db, FIRST_OPERATOR);
  if (given !== null && known !== null && (await isPassword(given, known.passwordHash))) return { made: null };
  const made = given === null ? makePassword() : null;
  return db.transaction(async (tx) => {
    await tx.run(sql`select pg_advisory_xact_lock(${CREATION_LOCK})`);
    if (given === null && (await tx.query(sql`select 1 from operators limit 1`)).length > 0) return { made: null };
    const hash = await hashPassword(given ?? made ?? '');
    const changed = await tx.run(sql`
      update operators set password_hash = ${hash}, role = 'admin' where name = ${FIRST_OPERATOR}`);
    if (known !== null) {
      await restrict(tx, known.id, null);
      await endSessions(tx, known.id, null);
    }
    const id = randomUUID();
    const operator = { id, workspaceId, name: FIRST_OPERATOR, role: 'admin' as const, workspaces: null };
    const createdBy = given === null ? 'first start' : ENVIRONMENT;
    if (changed === 0) await insertOperator(tx, { ...operator, hash, createdBy, now });
    const actor = { workspaceId, name: createdBy, address: '' };
    const action = changed === 0 ? 'operator.create' : 'operator.change';
    await recordChange(tx, actor, { action, subject: FIRST_OPERATOR, before: null, after: { role: 'admin' } }, now);
    return { made };
  });
}

/** Throws RequestError if the name is taken, or there is no such workspace. */
export async function insertOperator(
  tx: Db,
  {
    id,
    workspaceId,
    name,
    role,
    workspaces,
    hash,
    createdBy,
    now,
  }: Operator & { hash: string; createdBy: string; now: Date },
): Promise<void> {
  if (workspaces !== null) await checkWorkspaces(tx, workspaces);
  const inserted = await tx.run(sql`
    insert into operators (id, workspace_id, name, role, password_hash, created_at, created_by)
    values (${id}, ${workspaceId}, ${name}, ${role}, ${hash}, ${now}, ${createdBy})
        on conflict (name) do nothing`);
  if (inserted === 0) throw new RequestError('bad_request', [`name: there is an operator named "${name}" already`]);
  if (workspaces !== null) await restrict(tx, id, workspaces);
}

/**
 * Lets an operator enter only these workspaces, or with null all. Servers of an earlier version show an operator only the
 * workspace of the row, so it becomes one of them. Throws RequestError if there is no such workspace.
 */
async function restrict(tx: Db, operatorId: string, workspaces: readonly number[] | null): Promise<void> {
  await tx.run(sql`delete from operator_workspaces where operator_id = ${operatorId}`);
  if (workspaces === null) return;
  await checkWorkspaces(tx, workspaces);
  await tx.run(sql`
    insert into operator_workspaces (operator_id, workspace_id)
    select ${operatorId}::uuid, id from unnest(${[...workspaces]}::integer[]) as id`);
  await tx.run(sql`
    update operators
       set workspace_id = ${workspaces[0]}
     where id = ${operatorId} and workspace_id <> all(${[...workspaces]}::integer[])`);
}

async function checkWorkspaces(tx: Db, ids: readonly number[]): Promise<void> {
  const known = await tx.query<{ id: number }>(sql`select id from workspaces where id = any(${[...ids]}::integer[])`);
  const missing = ids.find((id) => !known.some((one) => one.id === id));
  if (missing !== undefined) throw new RequestError('bad_request', [`workspaces: no workspace has the id ${missing}`]);
}

/** Locks every operator, in order, so that two changes cannot both leave the other as the last admin. */
export async function lockOperator(tx: Db, name: string): Promise<Operator> {
  await tx.run(sql`select from operators order by id for update`);
  const found = await findOperator(tx, name);
  if (found === null) throw new RequestError('not_found', ['name: no operator has this name']);
  const { passwordHash: _secret, ...operator } = found;
  return operator;
}

/** Whether somebody may change operators: an admin who may enter every workspace. */
export function isWholeAdmin({ role, workspaces }: Pick<Operator, 'role' | 'workspaces'>): boolean {
  return role === 'admin' && workspaces === null;
}

export async function isLastAdmin(tx: Db, { id }: Pick<Operator, 'id'>): Promise<boolean> {
  const others = await tx.query(sql`
    select 1
      from operators o
     where role = 'admin' and id <> ${id}
           and not exists (select from operator_workspaces w where w.operator_id = o.id)
     limit 1`);
  return others.length === 0;
}

async function refuseWithoutAdmin(tx: Db, operator: Pick<Operator, 'id'>): Promise<void> {
  if (await isLastAdmin(tx, operator))
    throw new RequestError('bad_request', ['name: this is the last admin; make another one first']);
}

export async function endSessions(tx: Db, operatorId: string, keep: string | null): Promise<void> {
  await tx.run(
    sql`delete from operator_sessions where operator_id = ${operatorId} and id is distinct from ${keep}::uuid`,
  );
}
