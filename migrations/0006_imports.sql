-- 0006_imports.sql: files that are, or were, imported. A batch is noted in the transaction that applies it, so that after
-- a crash the same command goes on with exactly what is missing. Locks no existing table; safe while servers run.
create table imports (
  id           bigint generated always as identity primary key,
  workspace_id integer not null references workspaces,
  path         text not null,                  -- absolute, where it was imported from
  size_bytes   bigint not null,
  sha256       bytea not null,                 -- of the whole file
  settings     jsonb not null,                 -- how it is read and cut into batches
  started_at   timestamptz not null,
  finished_at  timestamptz,                    -- null = some of it is missing
  records      bigint,                         -- once finished
  rejected     bigint,
  unique (workspace_id, path)
);

create table import_batches (
  import_id    bigint not null references imports on delete cascade,
  number       integer not null,
  records      integer not null,
  rejects      json not null,                  -- line and reason of each; never what the line holds
  primary key (import_id, number)
);
