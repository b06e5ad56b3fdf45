-- 0009_connected_content.sql: the calls that templates make. Both columns are null in every existing row, so nothing is
-- rewritten; each table is locked for a moment.

alter table workspaces add column connected_content bytea;
comment on column workspaces.connected_content is
  'Who may be called by templates, and credentials for it, sealed with CRESSET_SECRET. null: public hosts, without credentials.';

alter table sends add column content_tries smallint;
comment on column sends.content_tries is
  'How often the message was put back because a server did not give what its template asked for; see src/dispatch/admit/rounds/content-retry.ts. null: never.';
