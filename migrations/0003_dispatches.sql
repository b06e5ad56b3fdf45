-- 0003_dispatches.sql: the ledger. Tables that grow with every message are partitioned by dispatch id: a UUIDv7 begins
-- with its time, so a day is a range of ids, a dispatch prunes to its day, and retention drops a partition. The default
-- partitions catch what housekeeping has not made partitions for: late is better than lost.

create table dispatches (
  id           uuid not null primary key,
  workspace_id integer not null,
  accepted_at  timestamptz not null,
  api_key_id   uuid,
  request_id   uuid,
  lane         smallint not null,              -- 0 = people were named, 1 = broadcast
  state        text not null check (state in ('accepted', 'sending', 'paused', 'finished', 'cancelled', 'failed')),
  request      json not null,                  -- as understood; see src/dispatch/plan/send-plan.ts. json: jsonb refuses \u0000
  campaign_id  text,
  send_id      text,
  open_tasks   integer not null,               -- finished when none is left
  targeted     integer,                        -- how many people; null = not yet expanded
  refusals     json not null default '[]',     -- named people refused before any channel: identifier and reason
  counts       jsonb,                          -- by channel and status; null = not finished
  failure      text,                           -- for people: why it failed, or why it waits
  finished_at  timestamptz,
  cancelled_at timestamptz,
  audience_end bigint,                         -- the last user id when expansion began: who came later is not in the audience
  expanded_at  timestamptz,                    -- of a broadcast: since then every person of the audience has a row
  replay       json,                           -- what the last replay asked for; see src/dispatch/control/replay.ts
  replayed_at  timestamptz,                    -- when it did; the age at which sends are given up counts from here
  waits_for_app text                           -- the app whose provider must be mended before this goes on; null = none
) partition by range (id);
comment on table dispatches is 'kind: shared. Accepted requests to send: the plan, its state and what came of it.';
-- Half of each page stays free for changes. Measured, 12,000 sends to one person each: all changes stay in their page and
-- touch no index (14 % without), and the table is smaller for it (10.5 MB; 13.5 without). The rate does not change.
create table dispatches_default partition of dispatches default with (fillfactor = 50);
create index dispatches_recent on dispatches (workspace_id, accepted_at);

create type send_status as enum ('pending', 'sending', 'sent', 'skipped', 'aborted', 'failed', 'bounced', 'expired',
                                 'unknown', 'cancelled');

create table sends (
  bucket       integer not null,
  dispatch_id  uuid not null,
  user_id      bigint not null,
  channel      text not null,
  status       send_status not null default 'pending',
  attempts     smallint not null default 0,
  due_at       timestamptz,                    -- of the next attempt, while pending; null = at once
  updated_at   timestamptz not null,
  reason       text,                           -- eligibility.md 1; null while it has none
  detail       text,                           -- for people: what exactly
  provider_code text,
  provider_message_id text,
  address      text,                           -- where it was sent
  task_id      bigint,                         -- the task that it is sent under: rows that a dead worker's task left `sending` are the
                                               -- ambiguous ones
  devices      jsonb,                          -- a push to several devices, or one to be tried again: an array of what came of
                                               -- each; see src/dispatch/ledger/devices.ts
  primary key (bucket, dispatch_id, user_id, channel)
) partition by range (dispatch_id);
comment on table sends is
  'kind: person. One row per person and channel of a dispatch, written before anything is tried. It is the outcome.';
-- Two thirds of each page stay free for a send's two changes, `sending` and what came of it. Measured, two broadcasts to
-- 100,000 people, against 60: 97 % of the changes stay in their page and touch no index (72 % at 60, because what was
-- replaced can rarely be cleared away while a broadcast is written); the two statements take 22 % less of the database's
-- time, 17 % less is written ahead, and the table with its index is 6 % larger.
create table sends_default partition of sends default with (fillfactor = 35);
create index sends_person on sends (bucket, user_id, dispatch_id);

-- On how many devices the provider accepted the message: several only where `devices` says so.
create function accepted_devices(status send_status, devices jsonb) returns integer
  language sql immutable parallel safe
  return case when devices is not null
              then jsonb_array_length(jsonb_path_query_array(devices, '$[*] ? (@.state == "sent")'))
              when status = 'sent' then 1
              else 0 end;

-- The final status of a send that is stopped before all its devices were tried: `sent` once one device has it.
create function stopped_status(devices jsonb, otherwise send_status) returns send_status
  language sql immutable parallel safe
  return case when accepted_devices('pending', devices) > 0 then 'sent'::send_status else otherwise end;

-- The database refuses every move that src/dispatch/plan/states.ts does not allow. The conditions of the triggers are
-- evaluated without calling a function, which runs only to refuse; `after`, because a `before` trigger locks every row once
-- more (measured: docs/decisions/0020).
create function refuse_transition() returns trigger language plpgsql as $$
begin
  raise exception 'a % may not go from % to %', tg_argv[0], to_jsonb(old) ->> tg_argv[1], to_jsonb(new) ->> tg_argv[1]
    using errcode = 'check_violation', constraint = tg_name;
end $$;

create trigger sends_moves after update of status on sends for each row
  when (old.status <> new.status and not case old.status
          when 'pending' then new.status in ('sending', 'sent', 'skipped', 'aborted', 'expired', 'cancelled')
          when 'sending' then new.status in ('pending', 'sent', 'failed', 'bounced', 'expired', 'unknown')
          when 'aborted' then new.status = 'pending'
          when 'failed' then new.status = 'pending'
          when 'expired' then new.status = 'pending'
          when 'cancelled' then new.status = 'pending'
          else false end)
  execute function refuse_transition('send', 'status');

create trigger dispatches_moves after update of state on dispatches for each row
  when (old.state <> new.state and not case old.state
          when 'accepted' then new.state in ('sending', 'paused', 'finished', 'cancelled', 'failed')
          when 'sending' then new.state in ('paused', 'finished', 'cancelled', 'failed')
          when 'paused' then new.state in ('accepted', 'sending', 'cancelled', 'failed')
          when 'finished' then new.state = 'sending'
          when 'cancelled' then new.state in ('accepted', 'sending')
          else false end)
  execute function refuse_transition('dispatch', 'state');

create table tasks (
  id           bigint generated always as identity primary key,
  dispatch_id  uuid not null,
  workspace_id integer not null,
  lane         smallint not null,
  kind         text not null check (kind in ('expand', 'drain', 'revive')),
  bucket       integer,                        -- null = every bucket
  run_at       timestamptz not null,
  leased_until timestamptz,                    -- null = free
  worker       uuid,
  tries        integer not null default 0,
  position     bigint,                         -- of "expand": everybody up to this user id is written
  stride       bigint                          -- of "expand": how many user ids the next piece has
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
comment on table tasks is 'kind: node. The queue: what a worker leases.';
create index tasks_due on tasks (lane, run_at, id);
create index tasks_dispatch on tasks (dispatch_id);
create index tasks_expand on tasks (run_at, id) where kind = 'expand';
-- Broadcasts take turns; see src/queue/round-robin.ts.
create index tasks_turns on tasks (dispatch_id, run_at, id) where lane = 1 and kind <> 'expand';

create table cap_slots (
  bucket      integer not null,
  user_id     bigint not null,
  dispatch_id uuid not null,
  channel     text not null,
  campaign_id text,
  taken_at    timestamptz not null,
  primary key (bucket, user_id, dispatch_id, channel)
);
comment on table cap_slots is
  'kind: person. What counts toward frequency caps, and nothing else: one row per send that has or may take a slot.';

create table address_claims (
  dispatch_id uuid not null,
  channel     text not null,
  address     text not null,                   -- emails in lower case
  user_id     bigint not null,
  primary key (dispatch_id, channel, address)
) partition by range (dispatch_id);
comment on table address_claims is
  'kind: name. Who gets the one message that goes to an address which several people of a broadcast have.';
create table address_claims_default partition of address_claims default;

create table sandbox_messages (
  bucket       integer not null,
  dispatch_id  uuid not null,
  user_id      bigint not null,
  channel      text not null,
  workspace_id integer not null,
  address      text,
  message      json not null,                  -- as the person would see it
  delivered_at timestamptz not null,
  primary key (bucket, dispatch_id, user_id, channel)
) partition by range (dispatch_id);
comment on table sandbox_messages is 'kind: person. Messages that went to no provider, for an operator to look at.';
create table sandbox_messages_default partition of sandbox_messages default;
create index sandbox_messages_recent on sandbox_messages (workspace_id, dispatch_id);

create table received_totals (
  bucket      integer not null,
  user_id     bigint not null,
  channel     text not null,
  campaign_id text not null,                   -- '' = no campaign
  last_at     timestamptz not null,
  primary key (bucket, user_id, channel, campaign_id)
);
comment on table received_totals is
  'kind: person. The last message of a campaign and channel that a person was sent in days whose sends are dropped. '
  'Without it, "has not received" would come to select people who have.';

create table send_totals (
  workspace_id integer not null,
  day          date not null,                  -- of acceptance, UTC
  campaign_id  text not null,                  -- '' = no campaign
  channel      text not null,
  status       send_status not null,
  reason       text not null,                  -- '' = none
  sends        bigint not null,
  attempts     bigint not null,
  primary key (workspace_id, day, campaign_id, channel, status, reason)
);
comment on table send_totals is 'kind: node. How many sends of a day ended how, of days whose sends are dropped.';

create table idempotency_keys (
  workspace_id integer not null,
  path         text not null,
  key          text not null,
  body_hash    bytea not null,
  dispatch_id  uuid not null,
  answer       json not null,
  created_at   timestamptz not null,
  primary key (workspace_id, path, key)
);
comment on table idempotency_keys is 'kind: node. Requests that are answered again as they were, for 24 hours.';
create index idempotency_keys_age on idempotency_keys (created_at);

-- Not logged: a crash of the database may forget the current window, as the specification allows.
create unlogged table rate_windows (
  workspace_id integer not null,
  bucket       text not null,                  -- the rate limit's name; not a bucket of people
  started_at   timestamptz not null,
  most         bigint not null,                -- the limit as last asked for
  prior        bigint not null,                -- used before the last count
  used         bigint not null,
  primary key (workspace_id, bucket, started_at)
);
comment on table rate_windows is 'kind: node. How much of each rate limit''s window is used.';

create table activity_log (
  id           uuid primary key,
  workspace_id integer not null,
  occurred_at  timestamptz not null,
  category     text not null,
  dispatch_id  uuid,
  record       json not null
);
comment on table activity_log is 'kind: node. What API clients sent and what went wrong, for 60 hours.';
create index activity_log_recent on activity_log (workspace_id, occurred_at);

-- The least id that a dispatch accepted at `at` can have.
create function first_dispatch_id(at timestamptz) returns uuid
  language sql immutable strict parallel safe
  return (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid;

-- Makes the missing partitions of `days` days from `first` on. A day of which the default partition already holds rows
-- stays there. Each partition has the fill factor of its table's default one.
create function make_daily_partitions(first date, days integer) returns void language plpgsql as $$
declare
  parent text;
  day date;
begin
  foreach parent in array array['dispatches', 'sends', 'sandbox_messages', 'address_claims'] loop
    for day in select first + n from generate_series(0, days - 1) as n loop
      if to_regclass(format('%s_%s', parent, to_char(day, 'YYYYMMDD'))) is null then
        begin
          execute format('create table %I partition of %I for values from (%L) to (%L)%s',
            format('%s_%s', parent, to_char(day, 'YYYYMMDD')), parent,
            first_dispatch_id(day::timestamp at time zone 'UTC'), first_dispatch_id((day + 1)::timestamp at time zone 'UTC'),
            case parent when 'sends' then ' with (fillfactor = 35)' when 'dispatches' then ' with (fillfactor = 50)' else '' end);
        exception when check_violation then
          raise notice 'the default partition of % holds rows of %', parent, day;
        end;
      end if;
    end loop;
  end loop;
end $$;
