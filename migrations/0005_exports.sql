-- Files that the API makes in the background.

create type export_state as enum ('running', 'ready', 'failed', 'cancelled');

create table segment_exports (
  id            uuid primary key,
  workspace_id  integer not null references workspaces,
  segment_id    text not null,
  request       jsonb not null,                 -- fields, custom attributes, form and prefix of the file
  token         text not null unique,           -- the secret part of the file's address
  state         export_state not null default 'running',
  created_at    timestamptz not null,           -- filters are evaluated for this moment
  ready_at      timestamptz,
  expires_at    timestamptz not null,           -- the row and its file are deleted then
  tries         integer not null default 0,     -- writes of an earlier try are void
  leased_until  timestamptz,                    -- null: nobody writes the file
  people        bigint,
  size_bytes    bigint,
  failure       text,
  callback_url  text,
  callback_at   timestamptz,                    -- when it is called next; null: not, or no more
  callback_tries integer not null default 0
);
comment on table segment_exports is 'kind: node. Exports of a segment''s people to a file.';
create index segment_exports_open on segment_exports (workspace_id, segment_id) where state = 'running';
create index segment_exports_callback on segment_exports (callback_at) where callback_at is not null;
create index segment_exports_expired on segment_exports (expires_at);

create table segment_export_chunks (
  export_id     uuid not null references segment_exports on delete cascade,
  try           integer not null,
  number        integer not null,
  bytes         bytea not null,
  primary key (export_id, try, number)
);
comment on table segment_export_chunks is 'kind: node. The files of exports, in pieces.';
-- A file is compressed already.
alter table segment_export_chunks alter column bytes set storage external;
