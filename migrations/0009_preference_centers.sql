-- 0009_preference_centers.sql: pages on which people choose what they get.

create table preference_centers (
  id                uuid primary key,
  workspace_id      integer not null references workspaces,
  name              text not null,             -- as templates name it; it never changes
  title             text not null,
  page_html         text not null,             -- a template
  confirmation_html text not null,             -- a template: the page after the choice
  options           jsonb not null,
  state             text not null check (state in ('active', 'draft')),
  created_at        timestamptz not null,
  updated_at        timestamptz not null,
  unique (workspace_id, name)
);
comment on table preference_centers is 'kind: shared. Hosted pages on which people change their subscription states.';
