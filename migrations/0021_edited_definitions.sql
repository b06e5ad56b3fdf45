-- 0021_edited_definitions.sql: what was defined in the console or by a command, and segments that were removed there. Servers
-- that do not know of it work on: to them a removed segment is an archived one.

create table edited_definitions (
  workspace_id integer not null references workspaces (id),
  what         text not null,                  -- kind of thing, as in the plan of an apply: segment, app, email, …
  id           text not null,                  -- id of the thing; '': there is only one of its kind
  edited_by    text not null,                  -- such as operator ada
  edited_at    timestamptz not null,
  primary key (workspace_id, what, id)
);
comment on table edited_definitions is 'kind: shared. Definitions that were last written in the console or by a command, and by no workspace file since.';

-- Dispatches of before still ask for its filter. null: it is there.
alter table segments add column removed_at timestamptz;
