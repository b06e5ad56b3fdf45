import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { type Operator, operatorColumns } from '../operators.ts';
import type { Linking } from './links.ts';
import type { Person } from './person.ts';

/** The operator who is this person of the provider. null: nobody is. */
export function findLinked(tx: Db, { issuer, subject }: Person): Promise<Operator | null> {
  return tx.maybeOne<Operator & Record<string, unknown>>(sql`
    select ${operatorColumns}
      from operator_identities i
      join operators o on o.id = i.operator_id
     where i.issuer = ${issuer} and i.subject = ${subject}`);
}

/** Gives the operator whom an admin linked to this email address to the person, for good. null: there is none. */
export function takeLink(tx: Db, { issuer, subject, email }: Person): Promise<Operator | null> {
  return tx.maybeOne<Operator & Record<string, unknown>>(sql`
    update operator_identities i
       set issuer = ${issuer}, subject = ${subject}
      from operators o
     where i.email = ${email} and i.subject is null and o.id = i.operator_id
    returning ${operatorColumns}`);
}

/** Notes who a new operator is. */
export async function linkNew(tx: Db, operatorId: string, person: Person, { by, now }: Linking): Promise<void> {
  const { issuer, subject, email } = person;
  await tx.run(sql`
    insert into operator_identities (operator_id, email, issuer, subject, created_at, created_by)
    values (${operatorId}, ${email}, ${issuer}, ${subject}, ${now}, ${by})`);
}
