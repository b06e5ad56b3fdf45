-- 0003_dispatches.sql: the ledger. Tables that grow with every message are partitioned by dispatch id. A UUIDv7 begins with
-- its time, so a day is a range of ids, a statement for one dispatch reads one day, and retention drops a day's partition.
-- A default partition takes the rows of days for which housekeeping has not made a partition.

create table dispatches (
  id           uuid not null primary key,
  workspace_id integer not null,
  accepted_at  timestamptz not null,
  api_key_id   uuid,
  request_id   uuid,
  lane         smallint not null,              -- 0: named, 1: broadcast
  state        text not null check (state in ('scheduled', 'accepted', 'sending', 'paused', 'finished', 'cancelled', 'failed')),
  request      json not null,                  -- as parsed; see src/dispatch/plan/send-plan.ts. jsonb would refuse \u0000
  campaign_id  text,
  segment_id   text,
  send_id      text,
  open_tasks   integer not null,               -- number of open tasks; 0: the dispatch is finished
  targeted     integer,                        -- number of people; null: not yet expanded
  refusals     json not null default '[]',     -- named people refused before any channel: identifier and reason
  counts       jsonb,                          -- number of sends by channel and status; null: not finished
  failure      text,                           -- a text for operators: why it failed, or why it waits
  finished_at  timestamptz,
  cancelled_at timestamptz,
  audience_end bigint,                         -- the last user id when expansion began; later people are not in the audience
  expanded_at  timestamptz,                    -- broadcasts: when every person of the audience had a send
  replay       json,                           -- the last replay's request; see src/dispatch/control/replay.ts
  replays      json not null default '[]',     -- every replay: when, which sends, how many; see src/dispatch/plan/replay-filter.ts
  replayed_at  timestamptz,                    -- time of the last replay; a send's age counts from it
  waits_for    text[],                         -- what must work again before it goes on: "app …", "relays"; null: nothing
  schedule     json,                           -- when it goes out; see src/dispatch/plan/schedule.ts. null: it was sent at once
  fires_at     timestamptz,                    -- when the schedule fires: for a local time, in the first time zone
  fired_at     timestamptz                     -- when it fired; null: not yet, or there is no schedule
) partition by range (id);
comment on table dispatches is 'kind: shared. Accepted requests to send: the plan, the state and the counts.';
-- Half of each page stays free for changes. Measured, 12,000 sends to one person each: all changes stay in their page and
-- touch no index (without free space: 14 %), and the table takes 10.5 MB (13.5 MB). The rate is the same.
create table dispatches_default partition of dispatches default with (fillfactor = 50);
create index dispatches_recent on dispatches (workspace_id, accepted_at);
-- They list the dispatches of a campaign or segment, newest first. Most sends to one person have neither and no entry.
create index dispatches_campaign on dispatches (workspace_id, campaign_id, id) where campaign_id is not null;
create index dispatches_segment on dispatches (workspace_id, segment_id, id) where segment_id is not null;
create index dispatches_scheduled on dispatches (workspace_id, fires_at) where fires_at is not null;

create type send_status as enum ('pending', 'sending', 'sent', 'skipped', 'aborted', 'failed', 'bounced', 'expired',
                                 'unknown', 'cancelled');

create table sends (
  bucket       integer not null,
  dispatch_id  uuid not null,
  user_id      bigint not null,
  channel      text not null,
  status       send_status not null default 'pending',
  attempts     smallint not null default 0,
  due_at       timestamptz,                    -- time of the next attempt, while pending; null: at once
  updated_at   timestamptz not null,
  reason       text,                           -- why it was not made (eligibility.md 1); null: no reason yet
  detail       text,                           -- a text for operators that explains the reason
  provider_code text,
  provider_message_id text,
  address      text,                           -- the address it was sent to
  task_id      bigint,                         -- the task that sends it; when its worker dies, rows in `sending` are ambiguous
  devices      jsonb,                          -- each device's state, as an array, for a push to several devices or one to be
                                               -- tried again; see src/dispatch/ledger/devices.ts
  recipient    smallint,                       -- the person's position in the plan's names, if their trigger brought
                                               -- properties of their own; null: it did not
  scheduled_at timestamptz,                    -- this person's own time; null: the dispatch's, or by the person's clock
  primary key (bucket, dispatch_id, user_id, channel)
) partition by range (dispatch_id);
comment on table sends is
  'kind: person. One row for each person and channel of a dispatch, written before the first attempt. It holds the outcome.';
-- Two thirds of each page stay free for a send's two changes: to `sending`, and to its outcome. Measured against a fill
-- factor of 60, two broadcasts to 100,000 people: 97 % of the changes stay in their page and touch no index (at 60: 72 %,
-- because old versions can rarely be removed while a broadcast is written). The two statements take 22 % less of the
-- database's time, the write-ahead log is 17 % smaller, and the table with its index is 6 % larger.
create table sends_default partition of sends default with (fillfactor = 35);
create index sends_person on sends (bucket, user_id, dispatch_id);

create table refused_people (
  bucket      integer not null,
  user_id     bigint not null,
  dispatch_id uuid not null,
  reason      text not null,                   -- not_in_segment or not_in_audience
  detail      text,                            -- the filter that refused, as in `refusals` of the dispatch
  primary key (bucket, user_id, dispatch_id)
) partition by range (dispatch_id);
comment on table refused_people is
  'kind: person. The named people whom a dispatch refused before any channel, to be found by person. They have no sends.';
create table refused_people_default partition of refused_people default;

-- Number of devices whose message the provider accepted. Without `devices` it is 0 or 1.
create function accepted_devices(status send_status, devices jsonb) returns integer
  language sql immutable parallel safe
  return case when devices is not null
              then jsonb_array_length(jsonb_path_query_array(devices, '$[*] ? (@.state == "sent")'))
              when status = 'sent' then 1
              else 0 end;

-- The final status of a send that is stopped before all its devices were tried: `sent` if the message of any was accepted.
create function stopped_status(devices jsonb, otherwise send_status) returns send_status
  language sql immutable parallel safe
  return case when accepted_devices('pending', devices) > 0 then 'sent'::send_status else otherwise end;

-- The database refuses every move that src/dispatch/plan/states.ts does not allow. The triggers' conditions call no
-- function: the function runs only to refuse. The triggers run after the update, because a `before` trigger locks every row
-- once more (measured: docs/decisions/0020).
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
          when 'unknown' then new.status = 'pending'
          when 'cancelled' then new.status = 'pending'
          else false end)
  execute function refuse_transition('send', 'status');

create trigger dispatches_moves after update of state on dispatches for each row
  when (old.state <> new.state and not case old.state
          when 'scheduled' then new.state in ('accepted', 'paused', 'cancelled', 'failed')
          when 'accepted' then new.state in ('sending', 'paused', 'finished', 'cancelled', 'failed')
          when 'sending' then new.state in ('paused', 'finished', 'cancelled', 'failed')
          when 'paused' then new.state in ('scheduled', 'accepted', 'sending', 'cancelled', 'failed')
          when 'finished' then new.state = 'sending'
          when 'cancelled' then new.state in ('accepted', 'sending')
          else false end)
  execute function refuse_transition('dispatch', 'state');

create table tasks (
  id           bigint generated always as identity primary key,
  dispatch_id  uuid not null,
  workspace_id integer not null,
  lane         smallint not null,              -- 0: named, 1: broadcast, 2: schedules that have not fired
  kind         text not null check (kind in ('fire', 'expand', 'drain', 'revive')),
  bucket       integer,                        -- null: all buckets
  run_at       timestamptz not null,
  leased_until timestamptz,                    -- null: no worker has it
  worker       uuid,
  tries        integer not null default 0,
  deaths       smallint not null default 0,    -- number of workers that died while they held it, since its last end
  is_on_trial  boolean not null default false, -- its worker started nothing else that is suspect; see src/queue/suspects.ts
  is_timed     boolean not null default false, -- its people have their own times; a backlog has it only once it is due
  position     bigint,                         -- "expand": the last user id expanded so far; null: not started
  stride       bigint                          -- "expand": number of user ids in the next piece
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
comment on table tasks is 'kind: node. The lanes: tasks that workers lease.';
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
  'kind: person. Slots under frequency caps: one row for each send that has taken a slot, or may take one.';

create table address_claims (
  dispatch_id uuid not null,
  channel     text not null,
  address     text not null,                   -- email addresses are in lower case
  user_id     bigint not null,
  primary key (dispatch_id, channel, address)
) partition by range (dispatch_id);
comment on table address_claims is
  'kind: name. The person who gets the only message to an address that several people of a broadcast share.';
create table address_claims_default partition of address_claims default;

create table sandbox_messages (
  bucket       integer not null,
  dispatch_id  uuid not null,
  user_id      bigint not null,
  channel      text not null,
  workspace_id integer not null,
  address      text,
  message      json not null,                  -- the message as the person would see it
  delivered_at timestamptz not null,
  primary key (bucket, dispatch_id, user_id, channel)
) partition by range (dispatch_id);
comment on table sandbox_messages is 'kind: person. Messages without a provider, for operators to read.';
create table sandbox_messages_default partition of sandbox_messages default;
create index sandbox_messages_recent on sandbox_messages (workspace_id, dispatch_id);

create table received_totals (
  bucket      integer not null,
  user_id     bigint not null,
  channel     text not null,
  campaign_id text not null,                   -- '': no campaign
  last_at     timestamptz not null,
  primary key (bucket, user_id, channel, campaign_id)
);
comment on table received_totals is
  'kind: person. When a person last received a message of a campaign and channel, from days whose sends are dropped. '
  'Without it, "has not received" would later match people who have.';

create table send_totals (
  workspace_id integer not null,
  day          date not null,                  -- day on which the dispatch was accepted, in UTC
  campaign_id  text not null,                  -- '': no campaign
  channel      text not null,
  status       send_status not null,
  reason       text not null,                  -- '': none
  sends        bigint not null,
  attempts     bigint not null,
  primary key (workspace_id, day, campaign_id, channel, status, reason)
);
comment on table send_totals is 'kind: node. Number of sends by day and outcome, for days whose sends are dropped.';

create table campaign_days (
  campaign_id   text not null,
  day           date not null,                 -- day of the verdict, in UTC
  channel       text not null,
  variation_id  text not null,                 -- '': none
  send_id       text not null,                 -- '': none, or summed up
  shard         smallint not null,             -- rows of one key that are counted apart; -1: their sum, of days long past
  sent          bigint not null,
  recipients    bigint not null,
  failed        bigint not null,
  bounced       bigint not null,
  first_sent_at timestamptz,                   -- null: nothing was sent
  last_sent_at  timestamptz,
  primary key (campaign_id, day, channel, variation_id, send_id, shard)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
comment on table campaign_days is
  'kind: node. Numbers of what campaigns sent, by day, written with the verdicts; see src/dispatch/ledger/campaign-days.ts.';

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
comment on table idempotency_keys is 'kind: node. Answers that a repeated request gets again, for 24 hours.';
create index idempotency_keys_age on idempotency_keys (created_at);

-- The table is unlogged, because the specification allows a crash of the database to lose the current window.
create unlogged table rate_windows (
  workspace_id integer not null,
  bucket       text not null,                  -- name of the rate bucket; not a bucket of people
  started_at   timestamptz not null,
  most         bigint not null,                -- the limit, as of the last request
  prior        bigint not null,                -- requests used before the last statement
  used         bigint not null,
  primary key (workspace_id, bucket, started_at)
);
comment on table rate_windows is 'kind: node. Number of requests used of each rate limit''s window.';

create table activity_log (
  id           uuid primary key,
  workspace_id integer not null,
  occurred_at  timestamptz not null,
  category     text not null,
  dispatch_id  uuid,
  record       json not null
);
comment on table activity_log is 'kind: node. Requests of API clients and their errors, for 60 hours.';
create index activity_log_recent on activity_log (workspace_id, occurred_at);

-- The smallest id that a dispatch accepted at `at` can have.
create function first_dispatch_id(at timestamptz) returns uuid
  language sql immutable strict parallel safe
  return (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid;

-- Makes the missing partitions of `days` days from `first` on, of every table that is partitioned by an id that begins with
-- its time. A day gets no partition if the default partition already holds rows of it. Each partition has the settings of
-- its table's default partition.
create function make_daily_partitions(first date, days integer) returns void language plpgsql as $$
declare
  parent text;
  settings text;
  day date;
begin
  for parent, settings in
    select p.partrelid::regclass::text, coalesce(' with (' || array_to_string(c.reloptions, ', ') || ')', '')
      from pg_partitioned_table p
      join pg_class c on c.oid = p.partdefid
      join pg_attribute a on a.attrelid = p.partrelid and a.attnum = p.partattrs[0]
     where c.relnamespace = 'public'::regnamespace and a.atttypid = 'uuid'::regtype
     order by 1
  loop
    for day in select first + n from generate_series(0, days - 1) as n loop
      if to_regclass(format('%s_%s', parent, to_char(day, 'YYYYMMDD'))) is null then
        begin
          execute format('create table %I partition of %I for values from (%L) to (%L)%s',
            format('%s_%s', parent, to_char(day, 'YYYYMMDD')), parent,
            first_dispatch_id(day::timestamp at time zone 'UTC'), first_dispatch_id((day + 1)::timestamp at time zone 'UTC'),
            settings);
        exception when check_violation then
          raise notice 'the default partition of % holds rows of %', parent, day;
        end;
      end if;
    end loop;
  end loop;
end $$;
