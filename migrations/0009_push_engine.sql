-- 0009_push_engine.sql: what sending real pushes must remember. The new columns are null and cost nothing where they say
-- nothing; the index on push_targets holds suspects only. Locks push_targets against writes while it is read once.
alter table push_targets
  add column environment text check (environment in ('production', 'development')), -- which of Apple's hosts knows it
  add column suspect_since timestamptz;        -- a provider called it bad for a reason that may be our own; not sent to
create index push_targets_suspect on push_targets (app_id, suspect_since) where suspect_since is not null;

-- Of a send with several devices, or one that is tried again: an array of what came of each; see src/dispatch/push/devices.ts.
alter table sends add column devices jsonb;

-- How many devices took the message over: several only where `devices` says so.
create function accepted_devices(status send_status, devices jsonb) returns integer
  language sql immutable parallel safe
  return case when devices is not null
              then jsonb_array_length(jsonb_path_query_array(devices, '$[*] ? (@.state == "sent")'))
              when status = 'sent' then 1
              else 0 end;

-- What becomes of a send that is stopped before all its devices were tried: sent, once one device has taken it over.
create function stopped_status(devices jsonb, otherwise send_status) returns send_status
  language sql immutable parallel safe
  return case when accepted_devices('pending', devices) > 0 then 'sent'::send_status else otherwise end;

-- Every push token that was set aside or removed because of what a provider said, with all that putting it back takes.
create table token_removals (
  id           bigint generated always as identity primary key,
  workspace_id integer not null,
  app_id       text not null,
  token        text not null,
  bucket       integer not null,
  user_id      bigint not null,
  platform     text not null,
  device_id    text not null,
  foreground   boolean not null,
  environment  text,
  registered_at timestamptz not null,
  last_used_at timestamptz,
  reason       text not null,                  -- the provider's word
  dispatch_id  uuid not null,
  suspected_at timestamptz,                    -- null = removed at once
  removed_at   timestamptz,                    -- null = still suspect, or restored before it was removed
  restored_at  timestamptz
);
create index token_removals_app on token_removals (app_id, (coalesce(removed_at, suspected_at)));
create index token_removals_open on token_removals (app_id, token) where suspected_at is not null and removed_at is null and restored_at is null;

-- When an app was last seen to be gone from all devices of a person.
create table app_uninstalls (
  bucket  integer not null,
  user_id bigint not null,
  app_id  text not null,
  at      timestamptz not null,
  primary key (bucket, user_id, app_id)
);

-- Apps whose provider does not accept our settings: nothing is sent for them until a probe succeeds.
create table closed_apps (
  app_id       text primary key,
  workspace_id integer not null,
  cause        text not null check (cause in ('config_error', 'guard')),
  reason       text not null,
  settings     bytea not null,                 -- a digest of the provider's settings that were refused
  since        timestamptz not null,
  probe_at     timestamptz not null
);

-- Provider calls of an app by the minute, and how many called a token bad for a reason that may be our own.
create table app_calls (
  app_id    text not null,
  minute    timestamptz not null,
  calls     integer not null,
  ambiguous integer not null,
  primary key (app_id, minute)
);
