-- 0005_content.sql: email templates and content blocks, which messages refer to. Requests read the rows that they name;
-- no server has all of them in memory. The texts are apart from what is known of them, and never change: a dispatch keeps
-- the ids of the texts that it was accepted with. See docs/decisions/0035.

create table content_texts (
  id           uuid primary key,
  workspace_id integer not null references workspaces,
  content      json not null,                  -- of a template: an object of its texts; of a block: a text
  replaced_at  timestamptz                     -- when an update put another text in its place; null: it is the current one
);
comment on table content_texts is 'kind: shared. Each text that a template or block has or had. Never changed; dropped when no dispatch can need it.';
create index content_texts_replaced_at on content_texts (replaced_at) where replaced_at is not null;

create table email_templates (
  workspace_id integer not null references workspaces,
  id           uuid not null,                  -- UUIDv7: the order of creation
  name         text not null,
  tags         text[] not null,
  text_id      uuid not null references content_texts,
  text_bytes   integer not null,               -- of the text's JSON
  blocks       text[] not null,                -- names of the content blocks that stand in it
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  primary key (workspace_id, id)
);
create index email_templates_text_id on email_templates (text_id); -- asked when a text is dropped
comment on table email_templates is 'kind: shared. Stored email templates, without their texts.';

create table content_blocks (
  workspace_id integer not null references workspaces,
  id           uuid not null,                  -- UUIDv7: the order of creation
  name         text not null,
  description  text not null,
  state        text not null check (state in ('active', 'draft')),
  content_type text not null check (content_type in ('html', 'text')),
  tags         text[] not null,
  text_id      uuid not null references content_texts,
  text_bytes   integer not null,               -- of the text's JSON
  blocks       text[] not null,                -- names of the content blocks that stand in it
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  primary key (workspace_id, id),
  unique (workspace_id, name)
);
create index content_blocks_text_id on content_blocks (text_id);
comment on table content_blocks is 'kind: shared. Stored content blocks, without their texts.';
