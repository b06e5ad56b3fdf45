import { type Sql, sql } from '../../../db/sql.ts';

/*
 * Fragments for hot statements, whose plans may be made while there are few people: then PostgreSQL finds it as cheap to
 * read everybody in the workspace, and keeps that plan. `offset 0` hides the workspace from the choice of the index.
 */

/** The people, of all workspaces, who have an email address. */
export function havingEmail(email: Sql): Sql {
  return sql`(select * from profiles where lower(email) = lower(${email}) and email is not null offset 0)`;
}

/** The people, of all workspaces, who have one of these email addresses, which are in lower case. */
export function havingEmails(emails: Sql): Sql {
  return sql`(select * from profiles where lower(email) = any(${emails}) and email is not null offset 0)`;
}

/** The people, of all workspaces, who have a phone number. */
export function havingPhone(phone: Sql): Sql {
  return sql`(select * from profiles where phone = ${phone} offset 0)`;
}
