// SQL is written as SQL. The tag splices only other fragments; every other value becomes a parameter.
export { default as sql, empty, join as joinSql, raw, Sql } from 'sql-template-tag';
