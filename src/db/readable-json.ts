import { type Sql, sql } from './sql.ts';

/** The escapes of JSON that PostgreSQL's operators refuse: of NUL, and of halves of pairs, which alone are escaped. */
const REFUSED = String.raw`\\u(0000|d[89a-f][0-9a-f]{2})`;
const SPACE = String.raw`\u0020`;

/**
 * Fragment: JSON of ours, which is in a column of the type `json`, in a form that PostgreSQL's operators read: with a space
 * for each character that they refuse. If a backslash before an escape is escaped itself, the result is still JSON.
 */
export function readableJson(column: Sql): Sql {
  return sql`
    case when position('\\u' in ${column}::text) = 0 then ${column}
         else regexp_replace(${column}::text, ${REFUSED}::text, ${SPACE}::text, 'g')::json end`;
}
