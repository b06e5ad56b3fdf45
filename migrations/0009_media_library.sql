-- 0009_media_library.sql: files that messages show, served under the public URL.

create table media_files (
  id           uuid primary key,
  workspace_id integer not null references workspaces,
  name         text not null,                  -- for people; several files may have one name
  extension    text not null,                  -- what the bytes are, such as png
  size_bytes   integer not null,
  sha256       bytea not null,
  bytes        bytea not null,                 -- never change
  created_at   timestamptz not null
);
comment on table media_files is 'kind: node. Files of the media library. Their addresses hold the id.';
-- They are compressed already.
alter table media_files alter column bytes set storage external;
create index media_files_list on media_files (workspace_id, created_at desc, id);

create table media_totals (
  workspace_id integer primary key references workspaces,
  files        bigint not null,
  bytes        bigint not null
);
comment on table media_totals is 'kind: node. How much each workspace has in media_files.';
