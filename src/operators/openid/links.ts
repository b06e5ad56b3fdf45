import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { RequestError } from '../../errors.ts';

/** Who links an operator to somebody, and when. */
export interface Linking {
  by: string;
  now: Date;
}

/**
 * Links an operator to the person who signs in first with this email address, instead of whom it was linked to. null: to
 * nobody. Throws RequestError if another operator waits for the address.
 */
export async function linkEmail(tx: Db, operatorId: string, email: string | null, { by, now }: Linking): Promise<void> {
  await tx.run(sql`delete from operator_identities where operator_id = ${operatorId}`);
  if (email === null) return;
  const linked = await tx.run(sql`
    insert into operator_identities (operator_id, email, created_at, created_by)
    values (${operatorId}, ${email}, ${now}, ${by})
        on conflict do nothing`);
  if (linked === 0) throw new RequestError('bad_request', ['email: another operator is linked to this address']);
}
