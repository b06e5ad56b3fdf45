-- 0016_applied_files.sql: which workspace file was applied when, so that the console can say what has drifted from it.

create table applied_files (
  id           bigint generated always as identity primary key,
  workspace_id integer not null references workspaces (id),
  at           timestamptz not null,           -- when it was first applied in this form
  again_at     timestamptz not null,           -- when the same file was last applied, and changed nothing
  applied_by   text not null,                  -- such as cresset apply by ada
  file         text not null,                  -- its name, without its folder
  digest       bytea not null,                 -- SHA-256 of its text
  changes      json not null                   -- what it created and changed: names, and no values
);
comment on table applied_files is 'kind: shared. Workspace files that were applied; the newest 100 of each workspace.';
create index applied_files_workspace on applied_files (workspace_id, id);
