-- 0018_saved_views.sql: filters of the console's lists under a name. The table is new, so servers that do not know of it
-- work on, and views that newer servers save stay as they are.

create table saved_views (
  id           uuid primary key,
  workspace_id integer not null references workspaces (id),
  list         text not null,                  -- the list that it filters; see src/operators/views.ts
  name         text not null,
  filter       json not null,                  -- texts by the name of the filter. It names no person
  made_at      timestamptz not null,
  made_by      text not null,                  -- name of the operator
  changed_at   timestamptz not null,
  changed_by   text not null
);
comment on table saved_views is 'kind: shared. Filters of lists under a name, for all operators of a workspace.';
create unique index saved_views_name on saved_views (workspace_id, list, lower(name));
