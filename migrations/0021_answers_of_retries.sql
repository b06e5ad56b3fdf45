-- 0021_answers_of_retries.sql: what was answered to earlier attempts. Null in every existing row, so nothing is rewritten; the
-- table is locked for a moment.

alter table sends add column retried_after jsonb;
comment on column sends.retried_after is
  'The last five answers after which the send was tried again, oldest first: at, code, detail. null: none. A replay empties it.';
