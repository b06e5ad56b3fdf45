-- 0002_people.sql: people, their data, and the names by which they are found.

create sequence user_ids;

-- A person's bucket, 0 to 255: a hash of the user id, fixed for life. As an integer (not a smallint), literals prune.
create function bucket_of(user_id bigint) returns integer
  language sql immutable parallel safe
  return (hashint8extended(user_id, 0) & 255)::integer;

create table profiles (
  bucket        integer not null,
  user_id       bigint not null,
  workspace_id  integer not null,
  external_id   text,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  random_bucket integer not null default floor(random() * 10000)::integer check (random_bucket between 0 and 9999),
  first_name    text,
  last_name     text,
  email         text,
  email_state   text not null default 'subscribed' check (email_state in ('opted_in', 'subscribed', 'unsubscribed')),
  push_state    text not null default 'subscribed' check (push_state in ('opted_in', 'subscribed', 'unsubscribed')),
  email_state_changed_at timestamptz,
  push_state_changed_at  timestamptz,
  phone         text,                          -- E.164
  country       text,                          -- ISO 3166-1 alpha-2
  language      text,                          -- ISO 639-1
  gender        text,
  home_city     text,
  time_zone     text,                          -- IANA name
  dob           date,
  longitude     double precision,
  latitude      double precision,
  first_session_at timestamptz,
  last_session_at  timestamptz,
  session_count    integer not null default 0,
  custom        jsonb not null default '{}',   -- custom attributes as received
  custom_times  jsonb not null default '{}',   -- the custom attributes that are times, in Unix milliseconds
  nested_times  jsonb not null default '{}',   -- the times inside objects and arrays; see src/people/profile/nested/nested-times.ts
  extras        jsonb not null default '{}',   -- members that are only stored and exported: image_url, twitter, …
  primary key (bucket, user_id)
);
comment on table profiles is 'kind: person. The people.';
create index profiles_email on profiles (lower(email)) where email is not null;
create index profiles_phone on profiles (phone) where phone is not null;
-- For the list of the people who unsubscribed in a period.
create index profiles_unsubscribed on profiles (workspace_id, email_state_changed_at)
  where email_state = 'unsubscribed' and email is not null;
-- A piece of an audience is a range of user ids. The heap holds people in the order in which they were added, so a piece
-- reads only its part of the heap. Measured on a million people: five pieces take as long as one statement over all. If
-- pieces were buckets, each would read nearly the whole heap.
create index profiles_workspace on profiles (workspace_id, user_id);
-- Finds equal custom attributes without reading every profile (decision 9). New entries wait in a list, which
-- src/people/profile/custom-index.ts merges in the background, so that writers need not. Without merging the list would
-- grow to 16 MB, which is about 50,000 people and costs a reader 17 ms.
create index profiles_custom on profiles using gin (custom jsonb_path_ops)
  with (fastupdate = on, gin_pending_list_limit = 16384);

create table user_names (
  workspace_id integer not null,
  label        text not null,                  -- the alias's label; '': the name is an external id
  name         text not null,
  bucket       integer not null,
  user_id      bigint not null,
  primary key (workspace_id, label, name)
);
comment on table user_names is 'kind: name. A person''s names: the external id and the aliases.';
create index user_names_person on user_names (bucket, user_id);

-- The device or browser that a push token leads to; see src/people/device.ts, which has the same function.
create function device_of(token text) returns text
  language sql immutable strict parallel safe
  return coalesce(substring(token from '^\{"endpoint":"((?:[^"\\]|\\["\\/bfnrtu])+)"'),
                  case when token ~ '^([0-9a-fA-F]{2}){32,}$' then lower(token) else token end);

create table push_targets (
  bucket        integer not null,
  user_id       bigint not null,
  app_id        text not null,
  token         text not null,
  platform      text not null check (platform in ('ios', 'android', 'kindle', 'web')),
  device_id     text not null,
  foreground    boolean not null default true,
  registered_at timestamptz not null default now(),
  last_used_at  timestamptz,
  environment   text check (environment in ('production', 'development')), -- Apple's host that knows the token; null: unknown
  suspect_since timestamptz,                   -- when a provider called it bad, perhaps by our fault; nothing is sent to it
  primary key (bucket, user_id, app_id, token)
);
comment on table push_targets is 'kind: person. Push tokens and web push subscriptions.';
create index push_targets_device on push_targets (device_id);
create index push_targets_suspect on push_targets (app_id, suspect_since) where suspect_since is not null;

create table push_token_owners (
  app_id  text not null,
  token   text not null,                       -- device_of(the push token): a device has one token, whatever its spelling
  bucket  integer not null,
  user_id bigint not null,
  primary key (app_id, token)
);
comment on table push_token_owners is 'kind: name. The owner of each device that has a push token. It belongs to one person at a time.';

create table app_uninstalls (
  bucket  integer not null,
  user_id bigint not null,
  app_id  text not null,
  at      timestamptz not null,
  primary key (bucket, user_id, app_id)
);
comment on table app_uninstalls is 'kind: person. When an app was last found to be uninstalled from all devices of a person.';

create table subscription_states (
  bucket     integer not null,
  user_id    bigint not null,
  group_id   text not null,
  state      text not null check (state in ('subscribed', 'unsubscribed')),
  changed_at timestamptz not null default now(),
  primary key (bucket, user_id, group_id)
);
comment on table subscription_states is 'kind: person. A person''s state in each subscription group.';

create table addresses (
  workspace_id     integer not null,
  kind             text not null check (kind in ('email', 'phone')),
  address          text not null,              -- email addresses in lower case, phone numbers in E.164
  email_state      text check (email_state in ('opted_in', 'subscribed', 'unsubscribed')), -- for the next person who gets the address; set while nobody had it
  email_state_at   timestamptz,                -- when it was set; it is forgotten 30 days later
  hard_bounced_at  timestamptz,
  marked_spam_at   timestamptz,
  invalid_at       timestamptz,
  invalid_reason   text,
  suppressed_at    timestamptz,
  suppressed_reason text,
  primary key (workspace_id, kind, address),
  check ((email_state is null) = (email_state_at is null))
);
comment on table addresses is 'kind: name. Flags of an address, whoever has it: bounces, complaints, suppression.';
create index addresses_bounced on addresses (workspace_id, hard_bounced_at) where hard_bounced_at is not null;
create index addresses_invalid on addresses (workspace_id, invalid_at) where invalid_at is not null;
create index addresses_waiting on addresses (email_state_at) where email_state_at is not null;

create table waiting_group_states (
  workspace_id integer not null,
  kind         text not null check (kind in ('email', 'phone')),
  address      text not null,                  -- email addresses in lower case, phone numbers in E.164
  group_id     text not null,
  state        text not null check (state in ('subscribed', 'unsubscribed')),
  set_at       timestamptz not null,           -- it is forgotten 30 days later
  primary key (workspace_id, kind, address, group_id)
);
comment on table waiting_group_states is
  'kind: name. Group states of addresses that nobody has, for the next person who gets the address.';
create index waiting_group_states_set on waiting_group_states (set_at);

create table deleted_addresses (
  workspace_id     integer not null,
  kind             text not null check (kind in ('email', 'phone')),
  hash             bytea not null,             -- see hashOf in src/people/consent/deleted-addresses.ts
  unsubscribed_at  timestamptz,
  hard_bounced_at  timestamptz,
  marked_spam_at   timestamptz,
  invalid_at       timestamptz,
  invalid_reason   text,
  suppressed_at    timestamptz,
  suppressed_reason text,
  primary key (workspace_id, kind, hash)
);
comment on table deleted_addresses is
  'kind: name. What must be remembered of addresses that nobody has any more, each under a hash instead of the address.';

create table events (
  bucket     integer not null,
  user_id    bigint not null,
  at         timestamptz not null,
  name       text not null,
  app_id     text,
  properties jsonb
) partition by range (at);
comment on table events is 'kind: person. Custom events, one row each. It has no key: the same event may come twice.';
create index events_person on events (bucket, user_id, name, at);
create table events_default partition of events default;

create table purchases (
  bucket     integer not null,
  user_id    bigint not null,
  at         timestamptz not null,
  product_id text not null,
  currency   text not null,
  price      numeric not null,                 -- the price of one piece
  quantity   integer not null,
  app_id     text,
  properties jsonb
) partition by range (at);
comment on table purchases is 'kind: person. Purchases, one row each. It has no key: the same purchase may come twice.';
create index purchases_person on purchases (bucket, user_id, product_id, at);
create table purchases_default partition of purchases default;

create table activity_totals (
  bucket   integer not null,
  user_id  bigint not null,
  kind     text not null check (kind in ('event', 'purchase')),
  name     text not null,                      -- name of the event, or product id
  count    bigint not null,
  first_at timestamptz not null,
  last_at  timestamptz not null,
  revenue  numeric not null default 0,
  primary key (bucket, user_id, kind, name)
);
comment on table activity_totals is
  'kind: person. First time, last time and count for each event name or product, for filters and exports.';

create table session_days (
  bucket  integer not null,
  user_id bigint not null,
  day     date not null,                       -- in UTC
  count   integer not null check (count > 0),  -- number of sessions that began on that day
  primary key (bucket, user_id, day)
);
comment on table session_days is
  'kind: person. Sessions by day, of the recent days that filters look back on. profiles.session_count has the total.';
-- For dropping old days.
create index session_days_day on session_days (day);

create table names_in_use (
  workspace_id integer not null,
  kind         text not null check (kind in ('event', 'product', 'custom_attribute')),
  name         text collate "C" not null,
  data_type    text,                           -- type of an attribute's first value; null: not an attribute
  primary key (workspace_id, kind, name)
);
comment on table names_in_use is 'kind: name. The events, products and custom attributes that were ever used, to be listed.';

create table activity_hours (
  workspace_id integer not null,
  metric       text not null check (metric in ('event', 'purchase', 'session', 'new_user', 'uninstall')),
  name         text not null,                  -- the event or the product; '': all of them, or the metric has none
  hour         timestamptz not null,           -- beginning of the hour; of days long past, beginning of the day in UTC
  app_id       text not null,                  -- '': none, or unknown
  shard        smallint not null,              -- rows of one key that are counted apart; -1: their sum, of hours long past
  count        bigint not null,
  revenue      numeric not null,               -- of purchases, without regard to the currency
  primary key (workspace_id, metric, name, hour, app_id, shard)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
comment on table activity_hours is
  'kind: node. How often something happened, by hour, counted in the transaction that stores it; see src/people/activity/counts.ts.';

create table imports (
  id           bigint generated always as identity primary key,
  workspace_id integer not null references workspaces,
  path         text not null,                  -- absolute path of the file
  size_bytes   bigint not null,
  sha256       bytea not null,                 -- the hash of the whole file
  settings     jsonb not null,                 -- how the file is read and cut into batches
  started_at   timestamptz not null,
  finished_at  timestamptz,                    -- null: some of the file is missing
  records      bigint,                         -- number of records; null until finished
  rejected     bigint,
  unique (workspace_id, path)
);
comment on table imports is 'kind: node. Files of people that are being imported, or were.';

create table import_batches (
  import_id    bigint not null references imports on delete cascade,
  number       integer not null,
  records      integer not null,
  rejects      json not null,                  -- line and reason of each, without the line's contents
  primary key (import_id, number)
);
comment on table import_batches is
  'kind: node. Batches, noted in the transactions that apply them. After a crash the same command imports the missing ones.';
