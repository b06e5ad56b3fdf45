// SQL is written as SQL. The tag inserts other fragments as text; every other value becomes a parameter.
export { default as sql, empty, join as joinSql, raw, Sql } from 'sql-template-tag';
