-- 0020_workspaces.sql: several workspaces in one server: which of them an operator may enter, and how much each may use.
-- Servers that do not know of it work on: they show an operator the one workspace of `operators`, which is one of those
-- that the operator may enter, and hold nobody to a quota.

create table operator_workspaces (
  operator_id  uuid not null references operators (id) on delete cascade,
  workspace_id integer not null references workspaces (id),
  primary key (operator_id, workspace_id)
);
comment on table operator_workspaces is 'kind: shared. The only workspaces that an operator may enter. None for an operator: all.';

-- The most that the workspace may use, as the host says; see src/workspace/quotas.ts. Members that are missing: any number.
alter table workspaces add column quotas jsonb not null default '{}';

create table sent_days (
  workspace_id integer not null,
  day          date not null,                  -- in UTC
  sends        bigint not null,                -- messages that were accepted or, for audiences, written as recipients
  primary key (workspace_id, day)
);
comment on table sent_days is 'kind: node. How much of its quota of sends a workspace with one has used each day.';
