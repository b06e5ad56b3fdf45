-- 0001_workspaces.sql: what an operator defines, before anybody is sent anything. All small tables, read into memory as
-- one catalog; a change is announced on the channel "catalog".
create table workspaces (
  id         integer generated always as identity primary key,
  name       text not null unique,
  time_zone  text not null default 'UTC',
  settings   jsonb not null default '{}',      -- without secrets; see src/workspace/settings.ts
  secrets    bytea,                            -- the SMTP URL, sealed with CRESSET_SECRET; null = mails go to the sandbox
  created_at timestamptz not null default now()
);

create table api_keys (
  id           uuid primary key,
  workspace_id integer not null references workspaces,
  name         text not null,
  hash         bytea not null unique,          -- SHA-256 of the key; the key itself is shown once and never kept
  hint         text not null,                  -- its first four characters
  permissions  text[] not null,
  allow_from   text[] not null default '{}',   -- CIDR; empty = any address
  created_by   text not null,
  created_at   timestamptz not null default now(),
  last_used_at timestamptz
);

create table apps (
  id           text primary key,               -- UUID form, lower case
  workspace_id integer not null references workspaces,
  name         text not null,
  platform     text not null check (platform in ('ios', 'android', 'kindle', 'web')),
  provider     jsonb,                          -- settings without secrets; null = sandbox
  secrets      bytea,                          -- sealed with CRESSET_SECRET
  unique (workspace_id, name) deferrable initially deferred  -- names may be swapped in one transaction
);

create table subscription_groups (
  id           text primary key,
  workspace_id integer not null references workspaces,
  name         text not null,
  channel      text not null check (channel in ('email', 'sms', 'whats_app')),
  description  text not null default '',
  archived     boolean not null default false,
  provider     jsonb,
  secrets      bytea,
  unique (workspace_id, name) deferrable initially deferred  -- names may be swapped in one transaction
);

create table segments (
  id           text primary key,
  workspace_id integer not null references workspaces,
  name         text not null,
  description  text not null default '',
  tags         text[] not null default '{}',
  filter       jsonb,                          -- null = everybody
  analytics_tracking_enabled boolean not null default false,
  archived     boolean not null default false,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  unique (workspace_id, name) deferrable initially deferred  -- names may be swapped in one transaction
);

create table campaigns (
  id           text primary key,
  workspace_id integer not null references workspaces,
  name         text not null,
  description  text not null default '',
  kind         text not null check (kind in ('api', 'api_triggered', 'transactional')),
  tags         text[] not null default '{}',
  archived     boolean not null default false,
  obeys_caps   boolean not null default true,
  counts_toward_caps boolean not null default false, -- also when it does not obey them
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);

create table message_variations (
  campaign_id  text not null references campaigns on delete cascade,
  id           text not null,
  channel      text not null check (channel in ('ios_push', 'android_push', 'kindle_push', 'web_push', 'email', 'sms',
                                                'whats_app', 'webhook', 'content_cards')),
  name         text not null,
  primary key (campaign_id, id)
);

create table send_ids (
  campaign_id  text not null references campaigns on delete cascade,
  send_id      text not null,
  created_at   timestamptz not null default now(),
  primary key (campaign_id, send_id)
);

create table frequency_caps (
  workspace_id integer not null references workspaces,
  ordinal      integer not null,
  channel      text not null check (channel in ('push', 'email', 'sms', 'webhook', 'whats_app', 'any')),
  max_sends    integer not null check (max_sends >= 1),
  period_count integer not null check (period_count >= 1),
  period_unit  text not null check (period_unit in ('minutes', 'hours', 'days', 'weeks')),
  tag          text,
  primary key (workspace_id, ordinal)
);
