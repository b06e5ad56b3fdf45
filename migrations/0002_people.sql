-- 0002_people.sql: the people. Every per-person table starts its key with bucket (0 to 255, a hash of the user id, fixed
-- for life), so that all that is known of one person can live on one shard. "integer", not smallint: literals then prune.
create sequence user_ids;

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
  custom        jsonb not null default '{}',   -- custom attributes as they were given
  custom_times  jsonb not null default '{}',   -- of those that are times: milliseconds since 1970
  extras        jsonb not null default '{}',   -- stored and exported, used by nothing: image_url, twitter, …
  primary key (bucket, user_id)
);
create index profiles_email on profiles (lower(email)) where email is not null;
create index profiles_phone on profiles (phone) where phone is not null;

-- The names a person is known by. The external id has the empty label, an alias its own.
create table user_names (
  workspace_id integer not null,
  label        text not null,
  name         text not null,
  bucket       integer not null,
  user_id      bigint not null,
  primary key (workspace_id, label, name)
);
create index user_names_person on user_names (bucket, user_id);

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
  primary key (bucket, user_id, app_id, token)
);
create index push_targets_device on push_targets (device_id);

-- A token belongs to one person at a time; this is where that is decided.
create table push_token_owners (
  app_id  text not null,
  token   text not null,
  bucket  integer not null,
  user_id bigint not null,
  primary key (app_id, token)
);

create table subscription_states (
  bucket     integer not null,
  user_id    bigint not null,
  group_id   text not null,
  state      text not null check (state in ('subscribed', 'unsubscribed')),
  changed_at timestamptz not null default now(),
  primary key (bucket, user_id, group_id)
);

-- What is known of an address, whoever has it: bounces, complaints, invalid numbers, suppression, and a subscription
-- state uploaded before anybody had it. Email addresses in lower case, phone numbers in E.164.
create table addresses (
  workspace_id     integer not null,
  kind             text not null check (kind in ('email', 'phone')),
  address          text not null,
  email_state      text check (email_state in ('opted_in', 'subscribed', 'unsubscribed')),
  hard_bounced_at  timestamptz,
  marked_spam_at   timestamptz,
  invalid_at       timestamptz,
  invalid_reason   text,
  suppressed_at    timestamptz,
  suppressed_reason text,
  primary key (workspace_id, kind, address)
);

create table events (
  bucket     integer not null,
  user_id    bigint not null,
  at         timestamptz not null,
  name       text not null,
  app_id     text,
  properties jsonb
) partition by range (at);
create index events_person on events (bucket, user_id, name, at);
create table events_default partition of events default;

create table purchases (
  bucket     integer not null,
  user_id    bigint not null,
  at         timestamptz not null,
  product_id text not null,
  currency   text not null,
  price      numeric not null,                 -- of one piece
  quantity   integer not null,
  app_id     text,
  properties jsonb
) partition by range (at);
create index purchases_person on purchases (bucket, user_id, product_id, at);
create table purchases_default partition of purchases default;

-- First, last and how often, per person and event name or product: what filters and exports ask for.
create table activity_totals (
  bucket   integer not null,
  user_id  bigint not null,
  kind     text not null check (kind in ('event', 'purchase')),
  name     text not null,
  count    bigint not null,
  first_at timestamptz not null,
  last_at  timestamptz not null,
  revenue  numeric not null default 0,
  primary key (bucket, user_id, kind, name)
);
