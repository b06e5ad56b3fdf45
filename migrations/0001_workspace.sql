-- 0001_workspace.sql: everything that an operator defines before anything is sent. Servers read these small tables into
-- memory as one catalog. The channel "catalog" announces changes.
--
-- The comment of every table begins with its kind, which says where its rows are once there are several nodes:
--   kind: person  a person's rows: every key begins with `bucket`, so that all rows of one person are in one shard
--   kind: name    rows found by a name (an alias, a token, an address), not by a bucket: distributed by that name
--   kind: shared  a small, rarely written table without people: every node has a copy
--   kind: node    a queue, a log or a count: on one node
-- test/table-kinds.test.ts checks the kinds; docs/decisions/0028 explains them.

create table workspaces (
  id         integer generated always as identity primary key,
  name       text not null unique,
  time_zone  text not null default 'UTC',
  settings   jsonb not null default '{}',      -- without secrets; see src/workspace/settings.ts
  secrets    bytea,                            -- the SMTP URLs, sealed with CRESSET_SECRET; null: mails go to the sandbox
  created_at timestamptz not null default now()
);
comment on table workspaces is 'kind: shared. One company''s people, settings and keys.';

create table api_keys (
  id           uuid primary key,
  workspace_id integer not null references workspaces,
  name         text not null,
  hash         bytea not null unique,          -- SHA-256 of the key; the key itself is shown once and never stored
  hint         text not null,                  -- the key's first four characters
  permissions  text[] not null,
  allow_from   text[] not null default '{}',   -- addresses and CIDR subnets; empty: any address
  created_by   text not null,
  created_at   timestamptz not null default now(),
  last_used_at timestamptz
);
comment on table api_keys is 'kind: shared. The keys of API clients.';

create table apps (
  id           text primary key,               -- UUID form, lower case
  workspace_id integer not null references workspaces,
  name         text not null,
  platform     text not null check (platform in ('ios', 'android', 'kindle', 'web')),
  provider     jsonb,                          -- settings without secrets; null: the sandbox
  secrets      bytea,                          -- the provider's secrets, sealed with CRESSET_SECRET
  card_feed    bytea,                          -- who may fetch content cards: keys and origins, sealed; null: nobody
  unique (workspace_id, name) deferrable initially deferred  -- names may be swapped in one transaction
);
comment on table apps is 'kind: shared. Apps and sites that push tokens belong to.';

create table subscription_groups (
  id           text primary key,
  workspace_id integer not null references workspaces,
  name         text not null,
  channel      text not null check (channel in ('email', 'sms', 'whats_app')),
  description  text not null default '',
  archived     boolean not null default false,
  countries    text[],                         -- ISO 3166-1 alpha-2: the only countries that are sent to; null: all
  provider     jsonb,
  secrets      bytea,
  unique (workspace_id, name) deferrable initially deferred  -- names may be swapped in one transaction
);
comment on table subscription_groups is 'kind: shared. Lists of consent that people subscribe to within a channel.';

create table segments (
  id           text primary key,
  workspace_id integer not null references workspaces,
  name         text not null,
  description  text not null default '',
  tags         text[] not null default '{}',
  filter       jsonb,                          -- null: everybody
  analytics_tracking_enabled boolean not null default false,
  archived     boolean not null default false,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  unique (workspace_id, name) deferrable initially deferred  -- names may be swapped in one transaction
);
comment on table segments is 'kind: shared. Saved audiences.';

create table segment_sizes (
  segment_id text not null references segments,
  day        date not null,                    -- in UTC
  size       bigint not null,
  counted_at timestamptz not null,
  primary key (segment_id, day)
);
comment on table segment_sizes is 'kind: node. Number of people in the segments with analytics tracking, by day.';

create table campaigns (
  id           text primary key,
  workspace_id integer not null references workspaces,
  name         text not null,
  description  text not null default '',
  kind         text not null check (kind in ('api', 'api_triggered', 'transactional')),
  tags         text[] not null default '{}',
  archived     boolean not null default false,
  obeys_caps   boolean not null default true,
  counts_toward_caps boolean not null default false, -- whether its sends count even if it does not obey the caps
  paused       boolean not null default false, -- whether triggers are refused
  segment_id   text,                           -- the people whom triggers may reach; null: everybody who is named
  required_state text,                         -- the subscription state that triggers need; null: that of the kind
  messages     json,                           -- what triggers send, by channel, as in /messages/send; null: nothing yet
  control_share smallint not null default 0 check (control_share between 0 and 99), -- percent of the people who get nothing
  canvas_id    text,                           -- the Canvas id under which it may be triggered as well; null: none
  canvas_name  text,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);
comment on table campaigns is 'kind: shared. Campaigns, under which sends are counted, and the messages of those that are triggered.';

create table message_variations (
  campaign_id  text not null references campaigns on delete cascade,
  id           text not null,
  channel      text not null check (channel in ('ios_push', 'android_push', 'kindle_push', 'web_push', 'email', 'sms',
                                                'whats_app', 'webhook', 'content_cards')),
  name         text not null,
  weight       smallint check (weight between 1 and 100), -- percent of the people who get it; null: it has no message here
  message      json,                           -- as under messages of /messages/send
  primary key (campaign_id, id),
  check ((weight is null) = (message is null))
);
comment on table message_variations is 'kind: shared. The variations of a campaign, each of one channel, and their messages if people are divided among them.';

create table send_ids (
  campaign_id  text not null references campaigns on delete cascade,
  send_id      text not null,
  is_requested boolean not null default false, -- made by /sends/id/create; others by a broadcast without one
  created_at   timestamptz not null default now(),
  primary key (campaign_id, send_id)
);
create index send_ids_requested on send_ids (created_at) where is_requested;
comment on table send_ids is 'kind: shared. The send ids that a campaign may be sent under.';

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
comment on table frequency_caps is 'kind: shared. The most messages that a person may get in a window.';
