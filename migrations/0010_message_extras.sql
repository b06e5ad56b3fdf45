-- 0010_message_extras.sql: pairs that templates attach to a send. Null in every existing row, so nothing is rewritten; the
-- table is locked for a moment.

alter table sends add column extras jsonb;
comment on column sends.extras is
  'The pairs of message_extras in the message''s templates, as an object of texts: at most 1,000 bytes. null: none.';
