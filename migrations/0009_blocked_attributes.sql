-- 0009_blocked_attributes.sql: custom attributes that are not stored, shown or matched.

create table blocked_attributes (
  workspace_id integer not null references workspaces,
  name         text collate "C" not null,
  primary key (workspace_id, name)
);
comment on table blocked_attributes is
  'kind: shared. The names of custom attributes that a workspace blocks, by /custom_attributes/blocklist. Their stored values stay, and show again when the name is taken off the list.';
