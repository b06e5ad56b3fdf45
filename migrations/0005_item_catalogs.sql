-- 0005_item_catalogs.sql: item catalogs, the tables of a workspace that templates read. Their rows are found by the id of
-- their catalog, which is never used again.

create table item_catalogs (
  id           integer generated always as identity primary key,
  workspace_id integer not null references workspaces,
  name         text not null,
  description  text not null default '',
  fields       jsonb not null,                 -- array of {token, name, type}, in order; see src/item-catalogs/definition.ts
  next_token   integer not null,               -- the token of the next new field
  selections   jsonb not null default '[]',
  created_at   timestamptz not null,
  updated_at   timestamptz not null,           -- of the definition; item_totals has that of the items
  deleted_at   timestamptz                     -- when it was deleted; the row stays until its items are gone
);
comment on table item_catalogs is 'kind: shared. Definitions of item catalogs: fields and selections.';
create unique index item_catalogs_name on item_catalogs (workspace_id, name) where deleted_at is null;
create index item_catalogs_deleted on item_catalogs (id) where deleted_at is not null;

create table item_totals (
  catalog_id   integer primary key,
  version      integer not null default 0,     -- changes with the definition, so that a writer sees that it read an older one
  items        bigint not null default 0,
  bytes        bigint not null default 0,
  last_ordinal bigint not null default 0,      -- the greatest ordinal given so far
  changed_at   timestamptz not null
);
comment on table item_totals is
  'kind: name. What is counted of a catalog''s items. Writers of items lock this row, and a deleted catalog has none.';

create table catalog_items (
  catalog_id   integer not null,
  item_id      text collate "C" not null,
  ordinal      bigint not null,                -- order of creation
  data         jsonb not null,                 -- values by the token of their field, so that deleting a field writes no items
  bytes        integer not null generated always as (octet_length(item_id) + octet_length(data::text)) stored,
  primary key (catalog_id, item_id),
  unique (catalog_id, ordinal)
);
comment on table catalog_items is 'kind: name. The items of item catalogs.';
