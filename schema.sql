-- What the migrations make of an empty database; written by scripts/schema.ts, never by hand.

create table activity_log (
  id uuid not null,
  workspace_id integer not null,
  occurred_at timestamp with time zone not null,
  category text not null,
  dispatch_id uuid,
  record json not null
);
comment on table activity_log is 'kind: node. What API clients sent and what went wrong, for 60 hours.';

create table activity_totals (
  bucket integer not null,
  user_id bigint not null,
  kind text not null,
  name text not null,
  count bigint not null,
  first_at timestamp with time zone not null,
  last_at timestamp with time zone not null,
  revenue numeric not null default 0
);
comment on table activity_totals is 'kind: person. First, last and how often, by event name or product: what filters and exports ask for.';

create table address_claims (
  dispatch_id uuid not null,
  channel text not null,
  address text not null,
  user_id bigint not null
) partition by RANGE (dispatch_id);
comment on table address_claims is 'kind: name. Who gets the one message that goes to an address which several people of a broadcast have.';

create table address_claims_default (
  dispatch_id uuid not null,
  channel text not null,
  address text not null,
  user_id bigint not null
);

create table addresses (
  workspace_id integer not null,
  kind text not null,
  address text not null,
  email_state text,
  hard_bounced_at timestamp with time zone,
  marked_spam_at timestamp with time zone,
  invalid_at timestamp with time zone,
  invalid_reason text,
  suppressed_at timestamp with time zone,
  suppressed_reason text
);
comment on table addresses is 'kind: name. What is known of an address, whoever has it: bounces, complaints, suppression.';

create table api_keys (
  id uuid not null,
  workspace_id integer not null,
  name text not null,
  hash bytea not null,
  hint text not null,
  permissions text[] not null,
  allow_from text[] not null default '{}'::text[],
  created_by text not null,
  created_at timestamp with time zone not null default now(),
  last_used_at timestamp with time zone
);
comment on table api_keys is 'kind: shared. The keys of API clients.';

create table app_calls (
  app_id text not null,
  minute timestamp with time zone not null,
  calls integer not null,
  ambiguous integer not null
);
comment on table app_calls is 'kind: node. Provider calls of an app by the minute.';

create table app_uninstalls (
  bucket integer not null,
  user_id bigint not null,
  app_id text not null,
  at timestamp with time zone not null
);
comment on table app_uninstalls is 'kind: person. When an app was last found to be gone from all devices of a person.';

create table apps (
  id text not null,
  workspace_id integer not null,
  name text not null,
  platform text not null,
  provider jsonb,
  secrets bytea
);
comment on table apps is 'kind: shared. Apps and sites that people have push tokens of.';

create unlogged table call_quotas (
  key text not null,
  begins_ms double precision not null,
  calls integer not null
);
comment on table call_quotas is 'kind: node. The calls that providers'' quotas still allow all processes; see src/dispatch/push/call-quotas.ts.';

create table campaigns (
  id text not null,
  workspace_id integer not null,
  name text not null,
  description text not null default ''::text,
  kind text not null,
  tags text[] not null default '{}'::text[],
  archived boolean not null default false,
  obeys_caps boolean not null default true,
  counts_toward_caps boolean not null default false,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);
comment on table campaigns is 'kind: shared. What sends are counted under.';

create table cap_slots (
  bucket integer not null,
  user_id bigint not null,
  dispatch_id uuid not null,
  channel text not null,
  campaign_id text,
  taken_at timestamp with time zone not null
);
comment on table cap_slots is 'kind: person. What counts toward frequency caps, and nothing else: one row per send that has or may take a slot.';

create table dispatches (
  id uuid not null,
  workspace_id integer not null,
  accepted_at timestamp with time zone not null,
  api_key_id uuid,
  request_id uuid,
  lane smallint not null,
  state text not null,
  request json not null,
  campaign_id text,
  send_id text,
  open_tasks integer not null,
  targeted integer,
  refusals json not null default '[]'::json,
  counts jsonb,
  failure text,
  finished_at timestamp with time zone,
  cancelled_at timestamp with time zone,
  audience_end bigint,
  expanded_at timestamp with time zone,
  replay json,
  replayed_at timestamp with time zone,
  waits_for_app text
) partition by RANGE (id);
comment on table dispatches is 'kind: shared. Accepted requests to send: the plan, its state and what came of it.';

create table dispatches_default (
  id uuid not null,
  workspace_id integer not null,
  accepted_at timestamp with time zone not null,
  api_key_id uuid,
  request_id uuid,
  lane smallint not null,
  state text not null,
  request json not null,
  campaign_id text,
  send_id text,
  open_tasks integer not null,
  targeted integer,
  refusals json not null default '[]'::json,
  counts jsonb,
  failure text,
  finished_at timestamp with time zone,
  cancelled_at timestamp with time zone,
  audience_end bigint,
  expanded_at timestamp with time zone,
  replay json,
  replayed_at timestamp with time zone,
  waits_for_app text
) with (fillfactor=50);

create table events (
  bucket integer not null,
  user_id bigint not null,
  at timestamp with time zone not null,
  name text not null,
  app_id text,
  properties jsonb
) partition by RANGE (at);
comment on table events is 'kind: person. Custom events, one by one. It has no key: the same event may come twice.';

create table events_default (
  bucket integer not null,
  user_id bigint not null,
  at timestamp with time zone not null,
  name text not null,
  app_id text,
  properties jsonb
);

create table frequency_caps (
  workspace_id integer not null,
  ordinal integer not null,
  channel text not null,
  max_sends integer not null,
  period_count integer not null,
  period_unit text not null,
  tag text
);
comment on table frequency_caps is 'kind: shared. How many messages a person may get in a window.';

create table idempotency_keys (
  workspace_id integer not null,
  path text not null,
  key text not null,
  body_hash bytea not null,
  dispatch_id uuid not null,
  answer json not null,
  created_at timestamp with time zone not null
);
comment on table idempotency_keys is 'kind: node. Requests that are answered again as they were, for 24 hours.';

create table import_batches (
  import_id bigint not null,
  number integer not null,
  records integer not null,
  rejects json not null
);
comment on table import_batches is 'kind: node. A batch is noted in the transaction that applies it: after a crash the same command goes on with what is missing.';

create table imports (
  id bigint not null,
  workspace_id integer not null,
  path text not null,
  size_bytes bigint not null,
  sha256 bytea not null,
  settings jsonb not null,
  started_at timestamp with time zone not null,
  finished_at timestamp with time zone,
  records bigint,
  rejected bigint
);
comment on table imports is 'kind: node. Files of people that are, or were, imported.';

create table message_variations (
  campaign_id text not null,
  id text not null,
  channel text not null,
  name text not null
);
comment on table message_variations is 'kind: shared. The variations of a campaign, each of one channel.';

create table paused_apps (
  app_id text not null,
  workspace_id integer not null,
  cause text not null,
  reason text not null,
  settings bytea not null,
  since timestamp with time zone not null,
  probe_at timestamp with time zone not null
);
comment on table paused_apps is 'kind: shared. Apps whose provider does not accept our settings: nothing is sent for them until a probe succeeds.';

create table profiles (
  bucket integer not null,
  user_id bigint not null,
  workspace_id integer not null,
  external_id text,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  random_bucket integer not null default (floor((random() * (10000)::double precision)))::integer,
  first_name text,
  last_name text,
  email text,
  email_state text not null default 'subscribed'::text,
  push_state text not null default 'subscribed'::text,
  email_state_changed_at timestamp with time zone,
  push_state_changed_at timestamp with time zone,
  phone text,
  country text,
  language text,
  gender text,
  home_city text,
  time_zone text,
  dob date,
  longitude double precision,
  latitude double precision,
  first_session_at timestamp with time zone,
  last_session_at timestamp with time zone,
  session_count integer not null default 0,
  custom jsonb not null default '{}'::jsonb,
  custom_times jsonb not null default '{}'::jsonb,
  extras jsonb not null default '{}'::jsonb
);
comment on table profiles is 'kind: person. The people.';

create table purchases (
  bucket integer not null,
  user_id bigint not null,
  at timestamp with time zone not null,
  product_id text not null,
  currency text not null,
  price numeric not null,
  quantity integer not null,
  app_id text,
  properties jsonb
) partition by RANGE (at);
comment on table purchases is 'kind: person. Purchases, one by one. It has no key: the same purchase may come twice.';

create table purchases_default (
  bucket integer not null,
  user_id bigint not null,
  at timestamp with time zone not null,
  product_id text not null,
  currency text not null,
  price numeric not null,
  quantity integer not null,
  app_id text,
  properties jsonb
);

create table push_targets (
  bucket integer not null,
  user_id bigint not null,
  app_id text not null,
  token text not null,
  platform text not null,
  device_id text not null,
  foreground boolean not null default true,
  registered_at timestamp with time zone not null default now(),
  last_used_at timestamp with time zone,
  environment text,
  suspect_since timestamp with time zone
);
comment on table push_targets is 'kind: person. Push tokens and web push subscriptions.';

create table push_token_owners (
  app_id text not null,
  token text not null,
  bucket integer not null,
  user_id bigint not null
);
comment on table push_token_owners is 'kind: name. Decides whose a token is: it belongs to one person at a time.';

create unlogged table rate_windows (
  workspace_id integer not null,
  bucket text not null,
  started_at timestamp with time zone not null,
  most bigint not null,
  prior bigint not null,
  used bigint not null
);
comment on table rate_windows is 'kind: node. How much of each rate limit''s window is used.';

create table received_totals (
  bucket integer not null,
  user_id bigint not null,
  channel text not null,
  campaign_id text not null,
  last_at timestamp with time zone not null
);
comment on table received_totals is 'kind: person. The last message of a campaign and channel that a person was sent in days whose sends are dropped. Without it, "has not received" would come to select people who have.';

create table sandbox_messages (
  bucket integer not null,
  dispatch_id uuid not null,
  user_id bigint not null,
  channel text not null,
  workspace_id integer not null,
  address text,
  message json not null,
  delivered_at timestamp with time zone not null
) partition by RANGE (dispatch_id);
comment on table sandbox_messages is 'kind: person. Messages that went to no provider, for an operator to look at.';

create table sandbox_messages_default (
  bucket integer not null,
  dispatch_id uuid not null,
  user_id bigint not null,
  channel text not null,
  workspace_id integer not null,
  address text,
  message json not null,
  delivered_at timestamp with time zone not null
);

create table segments (
  id text not null,
  workspace_id integer not null,
  name text not null,
  description text not null default ''::text,
  tags text[] not null default '{}'::text[],
  filter jsonb,
  analytics_tracking_enabled boolean not null default false,
  archived boolean not null default false,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now()
);
comment on table segments is 'kind: shared. Saved audiences.';

create table send_ids (
  campaign_id text not null,
  send_id text not null,
  created_at timestamp with time zone not null default now()
);
comment on table send_ids is 'kind: shared. The send ids that a campaign may be sent under.';

create table send_totals (
  workspace_id integer not null,
  day date not null,
  campaign_id text not null,
  channel text not null,
  status send_status not null,
  reason text not null,
  sends bigint not null,
  attempts bigint not null
);
comment on table send_totals is 'kind: node. How many sends of a day ended how, of days whose sends are dropped.';

create table sends (
  bucket integer not null,
  dispatch_id uuid not null,
  user_id bigint not null,
  channel text not null,
  status send_status not null default 'pending'::send_status,
  attempts smallint not null default 0,
  due_at timestamp with time zone,
  updated_at timestamp with time zone not null,
  reason text,
  detail text,
  provider_code text,
  provider_message_id text,
  address text,
  task_id bigint,
  devices jsonb
) partition by RANGE (dispatch_id);
comment on table sends is 'kind: person. One row per person and channel of a dispatch, written before anything is tried. It is the outcome.';

create table sends_default (
  bucket integer not null,
  dispatch_id uuid not null,
  user_id bigint not null,
  channel text not null,
  status send_status not null default 'pending'::send_status,
  attempts smallint not null default 0,
  due_at timestamp with time zone,
  updated_at timestamp with time zone not null,
  reason text,
  detail text,
  provider_code text,
  provider_message_id text,
  address text,
  task_id bigint,
  devices jsonb
) with (fillfactor=35);

create table subscription_groups (
  id text not null,
  workspace_id integer not null,
  name text not null,
  channel text not null,
  description text not null default ''::text,
  archived boolean not null default false,
  provider jsonb,
  secrets bytea
);
comment on table subscription_groups is 'kind: shared. What people subscribe to within a channel.';

create table subscription_states (
  bucket integer not null,
  user_id bigint not null,
  group_id text not null,
  state text not null,
  changed_at timestamp with time zone not null default now()
);
comment on table subscription_states is 'kind: person. A person''s state in each subscription group.';

create table tasks (
  id bigint not null,
  dispatch_id uuid not null,
  workspace_id integer not null,
  lane smallint not null,
  kind text not null,
  bucket integer,
  run_at timestamp with time zone not null,
  leased_until timestamp with time zone,
  worker uuid,
  tries integer not null default 0,
  "position" bigint,
  stride bigint
) with (fillfactor=50, autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_threshold=1000);
comment on table tasks is 'kind: node. The queue: what a worker leases.';

create table token_removals (
  id bigint not null,
  workspace_id integer not null,
  app_id text not null,
  token text not null,
  bucket integer not null,
  user_id bigint not null,
  platform text not null,
  device_id text not null,
  foreground boolean not null,
  environment text,
  registered_at timestamp with time zone not null,
  last_used_at timestamp with time zone,
  reason text not null,
  dispatch_id uuid not null,
  suspected_at timestamp with time zone,
  removed_at timestamp with time zone,
  restored_at timestamp with time zone
);
comment on table token_removals is 'kind: node. Push tokens that were set aside or removed because a provider called them bad, with all that restoring takes.';

create table user_names (
  workspace_id integer not null,
  label text not null,
  name text not null,
  bucket integer not null,
  user_id bigint not null
);
comment on table user_names is 'kind: name. The names that a person is known by: the external id and the aliases.';

create table workspaces (
  id integer not null,
  name text not null,
  time_zone text not null default 'UTC'::text,
  settings jsonb not null default '{}'::jsonb,
  secrets bytea,
  created_at timestamp with time zone not null default now()
);
comment on table workspaces is 'kind: shared. One company''s people, settings and keys.';

CREATE INDEX activity_log_recent ON public.activity_log USING btree (workspace_id, occurred_at);

CREATE INDEX dispatches_default_workspace_id_accepted_at_idx ON public.dispatches_default USING btree (workspace_id, accepted_at);

CREATE INDEX dispatches_recent ON ONLY public.dispatches USING btree (workspace_id, accepted_at);

CREATE INDEX events_default_bucket_user_id_name_at_idx ON public.events_default USING btree (bucket, user_id, name, at);

CREATE INDEX events_person ON ONLY public.events USING btree (bucket, user_id, name, at);

CREATE INDEX idempotency_keys_age ON public.idempotency_keys USING btree (created_at);

CREATE INDEX profiles_custom ON public.profiles USING gin (custom jsonb_path_ops) WITH (fastupdate='on', gin_pending_list_limit='16384');

CREATE INDEX profiles_email ON public.profiles USING btree (lower(email)) WHERE (email IS NOT NULL);

CREATE INDEX profiles_phone ON public.profiles USING btree (phone) WHERE (phone IS NOT NULL);

CREATE INDEX profiles_workspace ON public.profiles USING btree (workspace_id, user_id);

CREATE INDEX purchases_default_bucket_user_id_product_id_at_idx ON public.purchases_default USING btree (bucket, user_id, product_id, at);

CREATE INDEX purchases_person ON ONLY public.purchases USING btree (bucket, user_id, product_id, at);

CREATE INDEX push_targets_device ON public.push_targets USING btree (device_id);

CREATE INDEX push_targets_suspect ON public.push_targets USING btree (app_id, suspect_since) WHERE (suspect_since IS NOT NULL);

CREATE INDEX sandbox_messages_default_workspace_id_dispatch_id_idx ON public.sandbox_messages_default USING btree (workspace_id, dispatch_id);

CREATE INDEX sandbox_messages_recent ON ONLY public.sandbox_messages USING btree (workspace_id, dispatch_id);

CREATE INDEX sends_default_bucket_user_id_dispatch_id_idx ON public.sends_default USING btree (bucket, user_id, dispatch_id);

CREATE INDEX sends_person ON ONLY public.sends USING btree (bucket, user_id, dispatch_id);

CREATE INDEX tasks_dispatch ON public.tasks USING btree (dispatch_id);

CREATE INDEX tasks_due ON public.tasks USING btree (lane, run_at, id);

CREATE INDEX tasks_expand ON public.tasks USING btree (run_at, id) WHERE (kind = 'expand'::text);

CREATE INDEX tasks_turns ON public.tasks USING btree (dispatch_id, run_at, id) WHERE ((lane = 1) AND (kind <> 'expand'::text));

CREATE INDEX token_removals_app ON public.token_removals USING btree (app_id, COALESCE(removed_at, suspected_at));

CREATE INDEX token_removals_open ON public.token_removals USING btree (app_id, token) WHERE ((suspected_at IS NOT NULL) AND (removed_at IS NULL) AND (restored_at IS NULL));

CREATE INDEX user_names_person ON public.user_names USING btree (bucket, user_id);

CREATE OR REPLACE FUNCTION public.accepted_devices(status send_status, devices jsonb)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (devices IS NOT NULL) THEN jsonb_array_length(jsonb_path_query_array(devices, '$[*]?(@."state" == "sent")'::jsonpath)) WHEN (status = 'sent'::send_status) THEN 1 ELSE 0 END
;

CREATE OR REPLACE FUNCTION public.bucket_of(user_id bigint)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((hashint8extended(user_id, (0)::bigint) & (255)::bigint))::integer
;

CREATE OR REPLACE FUNCTION public.first_dispatch_id(at timestamp with time zone)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN ((lpad(to_hex(((EXTRACT(epoch FROM at) * (1000)::numeric))::bigint), 12, '0'::text) || '00000000000000000000'::text))::uuid
;

CREATE OR REPLACE FUNCTION public.make_daily_partitions(first date, days integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
end $function$
;

CREATE OR REPLACE FUNCTION public.refuse_transition()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'a % may not go from % to %', tg_argv[0], to_jsonb(old) ->> tg_argv[1], to_jsonb(new) ->> tg_argv[1]
    using errcode = 'check_violation', constraint = tg_name;
end $function$
;

CREATE OR REPLACE FUNCTION public.stopped_status(devices jsonb, otherwise send_status)
 RETURNS send_status
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (accepted_devices('pending'::send_status, devices) > 0) THEN 'sent'::send_status ELSE otherwise END
;

CREATE TRIGGER dispatches_moves AFTER UPDATE OF state ON public.dispatches FOR EACH ROW WHEN (((old.state <> new.state) AND (NOT
        CASE old.state
            WHEN 'accepted'::text THEN (new.state = ANY (ARRAY['sending'::text, 'paused'::text, 'finished'::text, 'cancelled'::text, 'failed'::text]))
            WHEN 'sending'::text THEN (new.state = ANY (ARRAY['paused'::text, 'finished'::text, 'cancelled'::text, 'failed'::text]))
            WHEN 'paused'::text THEN (new.state = ANY (ARRAY['accepted'::text, 'sending'::text, 'cancelled'::text, 'failed'::text]))
            WHEN 'finished'::text THEN (new.state = 'sending'::text)
            WHEN 'cancelled'::text THEN (new.state = ANY (ARRAY['accepted'::text, 'sending'::text]))
            ELSE false
        END))) EXECUTE FUNCTION refuse_transition('dispatch', 'state');

CREATE TRIGGER sends_moves AFTER UPDATE OF status ON public.sends FOR EACH ROW WHEN (((old.status <> new.status) AND (NOT
        CASE old.status
            WHEN 'pending'::send_status THEN (new.status = ANY (ARRAY['sending'::send_status, 'sent'::send_status, 'skipped'::send_status, 'aborted'::send_status, 'expired'::send_status, 'cancelled'::send_status]))
            WHEN 'sending'::send_status THEN (new.status = ANY (ARRAY['pending'::send_status, 'sent'::send_status, 'failed'::send_status, 'bounced'::send_status, 'expired'::send_status, 'unknown'::send_status]))
            WHEN 'aborted'::send_status THEN (new.status = 'pending'::send_status)
            WHEN 'failed'::send_status THEN (new.status = 'pending'::send_status)
            WHEN 'expired'::send_status THEN (new.status = 'pending'::send_status)
            WHEN 'cancelled'::send_status THEN (new.status = 'pending'::send_status)
            ELSE false
        END))) EXECUTE FUNCTION refuse_transition('send', 'status');

CREATE UNIQUE INDEX activity_log_pkey ON public.activity_log USING btree (id);

CREATE UNIQUE INDEX activity_totals_pkey ON public.activity_totals USING btree (bucket, user_id, kind, name);

CREATE UNIQUE INDEX address_claims_default_pkey ON public.address_claims_default USING btree (dispatch_id, channel, address);

CREATE UNIQUE INDEX address_claims_pkey ON ONLY public.address_claims USING btree (dispatch_id, channel, address);

CREATE UNIQUE INDEX addresses_pkey ON public.addresses USING btree (workspace_id, kind, address);

CREATE UNIQUE INDEX api_keys_hash_key ON public.api_keys USING btree (hash);

CREATE UNIQUE INDEX api_keys_pkey ON public.api_keys USING btree (id);

CREATE UNIQUE INDEX app_calls_pkey ON public.app_calls USING btree (app_id, minute);

CREATE UNIQUE INDEX app_uninstalls_pkey ON public.app_uninstalls USING btree (bucket, user_id, app_id);

CREATE UNIQUE INDEX apps_pkey ON public.apps USING btree (id);

CREATE UNIQUE INDEX apps_workspace_id_name_key ON public.apps USING btree (workspace_id, name);

CREATE UNIQUE INDEX call_quotas_pkey ON public.call_quotas USING btree (key);

CREATE UNIQUE INDEX campaigns_pkey ON public.campaigns USING btree (id);

CREATE UNIQUE INDEX cap_slots_pkey ON public.cap_slots USING btree (bucket, user_id, dispatch_id, channel);

CREATE UNIQUE INDEX dispatches_default_pkey ON public.dispatches_default USING btree (id);

CREATE UNIQUE INDEX dispatches_pkey ON ONLY public.dispatches USING btree (id);

CREATE UNIQUE INDEX frequency_caps_pkey ON public.frequency_caps USING btree (workspace_id, ordinal);

CREATE UNIQUE INDEX idempotency_keys_pkey ON public.idempotency_keys USING btree (workspace_id, path, key);

CREATE UNIQUE INDEX import_batches_pkey ON public.import_batches USING btree (import_id, number);

CREATE UNIQUE INDEX imports_pkey ON public.imports USING btree (id);

CREATE UNIQUE INDEX imports_workspace_id_path_key ON public.imports USING btree (workspace_id, path);

CREATE UNIQUE INDEX message_variations_pkey ON public.message_variations USING btree (campaign_id, id);

CREATE UNIQUE INDEX paused_apps_pkey ON public.paused_apps USING btree (app_id);

CREATE UNIQUE INDEX profiles_pkey ON public.profiles USING btree (bucket, user_id);

CREATE UNIQUE INDEX push_targets_pkey ON public.push_targets USING btree (bucket, user_id, app_id, token);

CREATE UNIQUE INDEX push_token_owners_pkey ON public.push_token_owners USING btree (app_id, token);

CREATE UNIQUE INDEX rate_windows_pkey ON public.rate_windows USING btree (workspace_id, bucket, started_at);

CREATE UNIQUE INDEX received_totals_pkey ON public.received_totals USING btree (bucket, user_id, channel, campaign_id);

CREATE UNIQUE INDEX sandbox_messages_default_pkey ON public.sandbox_messages_default USING btree (bucket, dispatch_id, user_id, channel);

CREATE UNIQUE INDEX sandbox_messages_pkey ON ONLY public.sandbox_messages USING btree (bucket, dispatch_id, user_id, channel);

CREATE UNIQUE INDEX segments_pkey ON public.segments USING btree (id);

CREATE UNIQUE INDEX segments_workspace_id_name_key ON public.segments USING btree (workspace_id, name);

CREATE UNIQUE INDEX send_ids_pkey ON public.send_ids USING btree (campaign_id, send_id);

CREATE UNIQUE INDEX send_totals_pkey ON public.send_totals USING btree (workspace_id, day, campaign_id, channel, status, reason);

CREATE UNIQUE INDEX sends_default_pkey ON public.sends_default USING btree (bucket, dispatch_id, user_id, channel);

CREATE UNIQUE INDEX sends_pkey ON ONLY public.sends USING btree (bucket, dispatch_id, user_id, channel);

CREATE UNIQUE INDEX subscription_groups_pkey ON public.subscription_groups USING btree (id);

CREATE UNIQUE INDEX subscription_groups_workspace_id_name_key ON public.subscription_groups USING btree (workspace_id, name);

CREATE UNIQUE INDEX subscription_states_pkey ON public.subscription_states USING btree (bucket, user_id, group_id);

CREATE UNIQUE INDEX tasks_pkey ON public.tasks USING btree (id);

CREATE UNIQUE INDEX token_removals_pkey ON public.token_removals USING btree (id);

CREATE UNIQUE INDEX user_names_pkey ON public.user_names USING btree (workspace_id, label, name);

CREATE UNIQUE INDEX workspaces_name_key ON public.workspaces USING btree (name);

CREATE UNIQUE INDEX workspaces_pkey ON public.workspaces USING btree (id);

alter table activity_log add constraint activity_log_pkey PRIMARY KEY (id);

alter table activity_totals add constraint activity_totals_kind_check CHECK ((kind = ANY (ARRAY['event'::text, 'purchase'::text])));

alter table activity_totals add constraint activity_totals_pkey PRIMARY KEY (bucket, user_id, kind, name);

alter table address_claims add constraint address_claims_pkey PRIMARY KEY (dispatch_id, channel, address);

alter table address_claims_default add constraint address_claims_default_pkey PRIMARY KEY (dispatch_id, channel, address);

alter table addresses add constraint addresses_email_state_check CHECK ((email_state = ANY (ARRAY['opted_in'::text, 'subscribed'::text, 'unsubscribed'::text])));

alter table addresses add constraint addresses_kind_check CHECK ((kind = ANY (ARRAY['email'::text, 'phone'::text])));

alter table addresses add constraint addresses_pkey PRIMARY KEY (workspace_id, kind, address);

alter table api_keys add constraint api_keys_hash_key UNIQUE (hash);

alter table api_keys add constraint api_keys_pkey PRIMARY KEY (id);

alter table api_keys add constraint api_keys_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id);

alter table app_calls add constraint app_calls_pkey PRIMARY KEY (app_id, minute);

alter table app_uninstalls add constraint app_uninstalls_pkey PRIMARY KEY (bucket, user_id, app_id);

alter table apps add constraint apps_pkey PRIMARY KEY (id);

alter table apps add constraint apps_platform_check CHECK ((platform = ANY (ARRAY['ios'::text, 'android'::text, 'kindle'::text, 'web'::text])));

alter table apps add constraint apps_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id);

alter table apps add constraint apps_workspace_id_name_key UNIQUE (workspace_id, name) DEFERRABLE INITIALLY DEFERRED;

alter table call_quotas add constraint call_quotas_pkey PRIMARY KEY (key);

alter table campaigns add constraint campaigns_kind_check CHECK ((kind = ANY (ARRAY['api'::text, 'api_triggered'::text, 'transactional'::text])));

alter table campaigns add constraint campaigns_pkey PRIMARY KEY (id);

alter table campaigns add constraint campaigns_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id);

alter table cap_slots add constraint cap_slots_pkey PRIMARY KEY (bucket, user_id, dispatch_id, channel);

alter table dispatches add constraint dispatches_pkey PRIMARY KEY (id);

alter table dispatches add constraint dispatches_state_check CHECK ((state = ANY (ARRAY['accepted'::text, 'sending'::text, 'paused'::text, 'finished'::text, 'cancelled'::text, 'failed'::text])));

alter table dispatches_default add constraint dispatches_default_pkey PRIMARY KEY (id);

alter table dispatches_default add constraint dispatches_state_check CHECK ((state = ANY (ARRAY['accepted'::text, 'sending'::text, 'paused'::text, 'finished'::text, 'cancelled'::text, 'failed'::text])));

alter table frequency_caps add constraint frequency_caps_channel_check CHECK ((channel = ANY (ARRAY['push'::text, 'email'::text, 'sms'::text, 'webhook'::text, 'whats_app'::text, 'any'::text])));

alter table frequency_caps add constraint frequency_caps_max_sends_check CHECK ((max_sends >= 1));

alter table frequency_caps add constraint frequency_caps_period_count_check CHECK ((period_count >= 1));

alter table frequency_caps add constraint frequency_caps_period_unit_check CHECK ((period_unit = ANY (ARRAY['minutes'::text, 'hours'::text, 'days'::text, 'weeks'::text])));

alter table frequency_caps add constraint frequency_caps_pkey PRIMARY KEY (workspace_id, ordinal);

alter table frequency_caps add constraint frequency_caps_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id);

alter table idempotency_keys add constraint idempotency_keys_pkey PRIMARY KEY (workspace_id, path, key);

alter table import_batches add constraint import_batches_import_id_fkey FOREIGN KEY (import_id) REFERENCES imports(id) ON DELETE CASCADE;

alter table import_batches add constraint import_batches_pkey PRIMARY KEY (import_id, number);

alter table imports add constraint imports_pkey PRIMARY KEY (id);

alter table imports add constraint imports_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id);

alter table imports add constraint imports_workspace_id_path_key UNIQUE (workspace_id, path);

alter table message_variations add constraint message_variations_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaigns(id) ON DELETE CASCADE;

alter table message_variations add constraint message_variations_channel_check CHECK ((channel = ANY (ARRAY['ios_push'::text, 'android_push'::text, 'kindle_push'::text, 'web_push'::text, 'email'::text, 'sms'::text, 'whats_app'::text, 'webhook'::text, 'content_cards'::text])));

alter table message_variations add constraint message_variations_pkey PRIMARY KEY (campaign_id, id);

alter table paused_apps add constraint paused_apps_cause_check CHECK ((cause = ANY (ARRAY['config_error'::text, 'guard'::text])));

alter table paused_apps add constraint paused_apps_pkey PRIMARY KEY (app_id);

alter table profiles add constraint profiles_email_state_check CHECK ((email_state = ANY (ARRAY['opted_in'::text, 'subscribed'::text, 'unsubscribed'::text])));

alter table profiles add constraint profiles_pkey PRIMARY KEY (bucket, user_id);

alter table profiles add constraint profiles_push_state_check CHECK ((push_state = ANY (ARRAY['opted_in'::text, 'subscribed'::text, 'unsubscribed'::text])));

alter table profiles add constraint profiles_random_bucket_check CHECK (((random_bucket >= 0) AND (random_bucket <= 9999)));

alter table push_targets add constraint push_targets_environment_check CHECK ((environment = ANY (ARRAY['production'::text, 'development'::text])));

alter table push_targets add constraint push_targets_pkey PRIMARY KEY (bucket, user_id, app_id, token);

alter table push_targets add constraint push_targets_platform_check CHECK ((platform = ANY (ARRAY['ios'::text, 'android'::text, 'kindle'::text, 'web'::text])));

alter table push_token_owners add constraint push_token_owners_pkey PRIMARY KEY (app_id, token);

alter table rate_windows add constraint rate_windows_pkey PRIMARY KEY (workspace_id, bucket, started_at);

alter table received_totals add constraint received_totals_pkey PRIMARY KEY (bucket, user_id, channel, campaign_id);

alter table sandbox_messages add constraint sandbox_messages_pkey PRIMARY KEY (bucket, dispatch_id, user_id, channel);

alter table sandbox_messages_default add constraint sandbox_messages_default_pkey PRIMARY KEY (bucket, dispatch_id, user_id, channel);

alter table segments add constraint segments_pkey PRIMARY KEY (id);

alter table segments add constraint segments_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id);

alter table segments add constraint segments_workspace_id_name_key UNIQUE (workspace_id, name) DEFERRABLE INITIALLY DEFERRED;

alter table send_ids add constraint send_ids_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaigns(id) ON DELETE CASCADE;

alter table send_ids add constraint send_ids_pkey PRIMARY KEY (campaign_id, send_id);

alter table send_totals add constraint send_totals_pkey PRIMARY KEY (workspace_id, day, campaign_id, channel, status, reason);

alter table sends add constraint sends_pkey PRIMARY KEY (bucket, dispatch_id, user_id, channel);

alter table sends_default add constraint sends_default_pkey PRIMARY KEY (bucket, dispatch_id, user_id, channel);

alter table subscription_groups add constraint subscription_groups_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'sms'::text, 'whats_app'::text])));

alter table subscription_groups add constraint subscription_groups_pkey PRIMARY KEY (id);

alter table subscription_groups add constraint subscription_groups_workspace_id_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces(id);

alter table subscription_groups add constraint subscription_groups_workspace_id_name_key UNIQUE (workspace_id, name) DEFERRABLE INITIALLY DEFERRED;

alter table subscription_states add constraint subscription_states_pkey PRIMARY KEY (bucket, user_id, group_id);

alter table subscription_states add constraint subscription_states_state_check CHECK ((state = ANY (ARRAY['subscribed'::text, 'unsubscribed'::text])));

alter table tasks add constraint tasks_kind_check CHECK ((kind = ANY (ARRAY['expand'::text, 'drain'::text, 'revive'::text])));

alter table tasks add constraint tasks_pkey PRIMARY KEY (id);

alter table token_removals add constraint token_removals_pkey PRIMARY KEY (id);

alter table user_names add constraint user_names_pkey PRIMARY KEY (workspace_id, label, name);

alter table workspaces add constraint workspaces_name_key UNIQUE (name);

alter table workspaces add constraint workspaces_pkey PRIMARY KEY (id);
