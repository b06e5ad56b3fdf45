-- 0004_push.sql: what sending pushes to providers must remember.

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
  reason       text not null,                  -- the provider's reason
  dispatch_id  uuid not null,
  suspected_at timestamptz,                    -- null: removed at once
  removed_at   timestamptz,                    -- null: still suspect, or restored before it was removed
  restored_at  timestamptz,
  settings     text                            -- digest of the settings under which it became suspect; null: removed at once
);
comment on table token_removals is
  'kind: node. Push tokens that were set aside or removed because a provider called them bad, with all data to restore them.';
create index token_removals_app on token_removals (app_id, (coalesce(removed_at, suspected_at)));
create index token_removals_open on token_removals (app_id, token)
  where suspected_at is not null and removed_at is null and restored_at is null;

create table pauses (
  workspace_id integer not null,
  subject      text not null,                  -- "app <id>", "group <id>" or "relay <name>"
  cause        text not null check (cause in ('config_error', 'guard', 'slow_down', 'unreachable')),
  reason       text not null,                  -- the provider's or relay's own word
  settings     bytea not null,                 -- digest of the settings that it was paused with
  since        timestamptz not null,
  probe_at     timestamptz not null,           -- when the next probe may be made
  probes       integer not null,               -- number of probes made for this cause
  primary key (workspace_id, subject)
);
comment on table pauses is
  'kind: shared. Accounts of apps and groups, and mail relays, that are paused: nothing is sent over them until a probe succeeds.';

create table app_calls (
  app_id    text not null,
  settings  text not null,                     -- digest of the provider's settings with which the calls were made
  minute    timestamptz not null,
  calls     integer not null,
  accepted  integer not null,
  ambiguous integer not null,                  -- calls that called a token bad, perhaps by our fault
  primary key (app_id, settings, minute)
);
comment on table app_calls is 'kind: node. Number of an app''s calls to its provider, by settings and minute.';

-- The table is unlogged: after a crash of the database it is empty, and about a second's calls may be made twice.
create unlogged table call_quotas (
  key       text primary key,                  -- what is counted, and the calls per minute
  begins_ms double precision not null,         -- start of the last reservation, in Unix milliseconds, with fractions: two calls
                                               -- may be less than a microsecond apart
  calls     integer not null                   -- number of calls in the last reservation; the next one begins after them
);
comment on table call_quotas is
  'kind: node. Calls reserved under providers'' quotas, by all processes; see src/dispatch/accounts/call-quotas.ts.';
