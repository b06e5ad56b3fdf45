import { hash, randomUUID } from 'node:crypto';
import type { Database, Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { recordChange } from '../audit.ts';
import {
  CREATION_LOCK,
  endSessions,
  findOperator,
  insertOperator,
  isLastAdmin,
  isWholeAdmin,
  lockOperator,
  type Operator,
} from '../operators.ts';
import type { OperatorRole } from '../roles.ts';
import { addSession, type Visit } from '../sessions.ts';
import type { Attempt } from './attempt.ts';
import { findLinked, linkNew, takeLink } from './identities.ts';
import type { Person } from './person.ts';

const BY = 'OpenID Connect';
/** No password has such a hash. */
const NO_PASSWORD = 'none';

/**
 * Begins a session of the operator whom the provider knows by issuer and subject. Without one, the operator whom an admin
 * linked to the email address becomes that, or a new one is made. `used`: the attempt has begun a session already.
 * `name_taken`: another operator has the address as the name, and nobody linked it.
 */
export function signInPerson(
  db: Database,
  person: Person,
  attempt: Pick<Attempt, 'state' | 'endsMs'>,
  visit: Visit,
): Promise<{ token: string } | { objection: 'used' | 'name_taken' }> {
  return db.transaction(async (tx) => {
    await tx.run(sql`select pg_advisory_xact_lock(${CREATION_LOCK})`);
    if (!(await spend(tx, attempt, visit.now))) return { objection: 'used' };
    const known = (await findLinked(tx, person)) ?? (await takeLinkOf(tx, person, visit));
    const operator = known === null ? await make(tx, person, visit) : await giveRole(tx, known, person.role, visit);
    if (operator === null) return { objection: 'name_taken' };
    return addSession(tx, operator, visit, { by: BY, issuer: person.issuer });
  });
}

/** Marks an attempt as used. False: it is already. */
async function spend(tx: Db, { state, endsMs }: Pick<Attempt, 'state' | 'endsMs'>, now: Date): Promise<boolean> {
  await tx.run(sql`delete from spent_sign_ins where ends_at < ${now}`);
  const marked = await tx.run(sql`
    insert into spent_sign_ins (state_hash, ends_at)
    values (${hash('sha256', state, 'buffer')}, ${new Date(endsMs)})
        on conflict do nothing`);
  return marked > 0;
}

async function takeLinkOf(tx: Db, person: Person, { address, now }: Visit): Promise<Operator | null> {
  const operator = await takeLink(tx, person);
  if (operator === null) return null;
  const { name, workspaceId } = operator;
  const after = { email: person.email, issuer: person.issuer, subject: person.subject };
  const change = { action: 'operator.link', subject: name, before: null, after };
  await recordChange(tx, { workspaceId, name, address }, change, now);
  return operator;
}

/** null: the name is taken. */
async function make(tx: Db, person: Person, { address, now }: Visit): Promise<Operator | null> {
  if ((await findOperator(tx, person.email)) !== null) return null;
  const workspace = await tx.one<{ id: number }>(sql`select id from workspaces order by id limit 1`);
  const operator: Operator = {
    ...{ id: randomUUID(), workspaceId: workspace.id, workspaces: null },
    ...{ name: person.email, role: person.role ?? 'viewer' },
  };
  await insertOperator(tx, { ...operator, hash: NO_PASSWORD, createdBy: BY, now });
  await linkNew(tx, operator.id, person, { by: BY, now });
  const after = { role: operator.role, by: BY, issuer: person.issuer, subject: person.subject };
  const change = { action: 'operator.create', subject: operator.name, before: null, after };
  await recordChange(tx, { workspaceId: workspace.id, name: operator.name, address }, change, now);
  return operator;
}

/** Gives the role of the mapping. The last admin keeps theirs. Another role ends the other sessions. */
async function giveRole(tx: Db, known: Operator, role: OperatorRole | null, visit: Visit): Promise<Operator> {
  if (role === null || role === known.role) return known;
  const before = await lockOperator(tx, known.name);
  if (isWholeAdmin(before) && (await isLastAdmin(tx, before))) return before;
  await tx.run(sql`update operators set role = ${role} where id = ${known.id}`);
  await endSessions(tx, known.id, null);
  const { workspaceId, name } = known;
  const change = { action: 'operator.change', subject: name, before: { role: before.role }, after: { role, by: BY } };
  await recordChange(tx, { workspaceId, name, address: visit.address }, change, visit.now);
  return { ...before, role };
}
