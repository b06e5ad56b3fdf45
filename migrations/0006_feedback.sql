-- 0006_feedback.sql: what comes back of messages (docs/decisions/0039-what-comes-back.md). All but the numbers and the
-- sequence are partitioned by day, as the ledger is.

-- The place of an event in the feed. It is drawn under a lock until the commit, so a later commit has a higher one.
create sequence feedback_places;

create table feedback_events (
  id            uuid not null primary key,     -- a day, and a hash of workspace, provider and the provider's id of the event
  workspace_id  integer not null,
  provider      text not null,
  event_id      text not null,                 -- the provider's, or one made of what tells events apart
  kind          text not null,                 -- see src/feedback/event.ts
  channel       text not null,
  occurred_at   timestamptz not null,
  received_at   timestamptz not null,
  bucket        integer,                       -- the send, with `channel`; null: not known, or not yet
  user_id       bigint,
  dispatch_id   uuid,
  provider_message_id text,
  address       text,
  is_permanent  boolean not null,
  code          text,
  said          text,                          -- the provider's words
  bot           text,
  group_id      text,
  detail        json not null,
  due_at        timestamptz not null,          -- when it is applied next
  tries         smallint not null default 0,
  is_heeded     boolean not null default false, -- its effect on the person is done; the send may still be waited for
  place         bigint,                        -- null: not yet applied
  outcome       text,                          -- see src/feedback/event.ts; null: not yet applied
  campaign_id   text,
  external_send_id text                        -- what the caller of a transactional send calls it; null: nothing
) partition by range (id);
comment on table feedback_events is
  'kind: node. What providers said of sends and addresses: the queue of what is to be applied, and the feed of what was.';
create table feedback_events_default partition of feedback_events default with (fillfactor = 60);
create index feedback_events_due on feedback_events (due_at, id) where place is null;
create index feedback_events_clicks on feedback_events (dispatch_id, bucket, user_id)
  where kind = 'clicked' and provider = 'cresset'; -- to see which came at once
create index feedback_events_feed on feedback_events (workspace_id, place) where place is not null;

create table send_feedback (
  bucket        integer not null,
  dispatch_id   uuid not null,
  user_id       bigint not null,
  channel       text not null,
  delivered_at  timestamptz,                   -- the first time of each; null: it has not been said
  deferred_at   timestamptz,
  bounced_at    timestamptz,
  failed_at     timestamptz,
  complained_at timestamptz,
  opened_at     timestamptz,                   -- by a person; opens of machines are only counted
  clicked_at    timestamptz,
  read_at       timestamptz,
  shown_at      timestamptz,
  dismissed_at  timestamptz,
  replied_at    timestamptz,
  opted_out_at  timestamptz,
  opens         integer not null,
  machine_opens integer not null,
  clicks        integer not null,
  machine_clicks integer not null,
  shows         integer not null,
  dismissals    integer not null,
  code          text,                          -- of the failure, else of the deferral; null: there was none
  said          text,
  primary key (bucket, dispatch_id, user_id, channel)
) partition by range (dispatch_id);
comment on table send_feedback is
  'kind: person. What came back of a send, beside its status. A send of which nothing came back has no row.';
create table send_feedback_default partition of send_feedback default with (fillfactor = 60);

create table moved_sends (
  bucket        integer not null,              -- the person who had the send
  dispatch_id   uuid not null,
  user_id       bigint not null,
  channel       text not null,
  to_bucket     integer not null,              -- the person into whom that one was merged
  to_user_id    bigint not null,
  primary key (bucket, dispatch_id, user_id, channel)
) partition by range (dispatch_id);
comment on table moved_sends is
  'kind: person. Sends that a merge moved to another person, so that what comes back finds them.';
create table moved_sends_default partition of moved_sends default;

create table provider_messages (
  workspace_id  integer not null,
  channel       text not null,
  provider_message_id text not null,
  dispatch_id   uuid not null,
  bucket        integer not null,
  user_id       bigint not null,
  primary key (workspace_id, channel, provider_message_id, dispatch_id)
) partition by range (dispatch_id);
comment on table provider_messages is
  'kind: name. Sends by the provider''s id of the message, where the provider cannot carry a reference of ours.';
create table provider_messages_default partition of provider_messages default;

create table feedback_days (
  campaign_id   text not null,
  day           date not null,                 -- day on which it happened, in UTC
  channel       text not null,
  variation_id  text not null,                 -- '': none
  send_id       text not null,                 -- '': none, or summed up
  metric        text not null,                 -- see src/dispatch/ledger/feedback/send-feedback.ts
  total         bigint not null,
  primary key (campaign_id, day, channel, variation_id, send_id, metric)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
comment on table feedback_days is
  'kind: node. Numbers of what came back of campaigns, by day; see src/dispatch/ledger/statistics/feedback-days.ts.';
