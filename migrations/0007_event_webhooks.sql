-- 0007_event_webhooks.sql: the webhooks by which a workspace's events go out, and how far each has come.

create table event_webhooks (
  workspace_id integer not null,
  name         text not null,
  url          text not null,
  kinds        text[] not null,                -- of the events that it gets; empty: all
  channels     text[] not null,                -- empty: all
  secrets      bytea not null,                 -- sealed: its secret, and the one before for a while
  begins_after bigint not null,                -- the last event of the feed when it was made: it gets the later ones
  primary key (workspace_id, name)
);
comment on table event_webhooks is 'kind: shared. Where the events of a workspace are sent, from the workspace file.';

create table event_deliveries (
  workspace_id integer not null,
  name         text not null,
  state        text not null default 'active' check (state in ('active', 'paused', 'disabled')),
  place        bigint not null,                -- the last event of the feed that was tried; see feedback_events
  leased_until timestamptz,                    -- null: no server is sending to it
  blocked_until timestamptz,                   -- it asked not to be called before; null: it did not
  failures     integer not null default 0,     -- failed attempts since the last success
  given_up     bigint not null default 0,      -- events that were tried as often as they are
  last_status  integer,                        -- of its last answer; null: it did not answer
  last_problem text,                           -- null: the last attempt was a success
  delivered_at timestamptz,                    -- when it last took an event
  primary key (workspace_id, name),
  foreign key (workspace_id, name) references event_webhooks on delete cascade
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
comment on table event_deliveries is 'kind: node. How far each webhook of events has come.';

create table event_retries (
  workspace_id integer not null,
  name         text not null,
  place        bigint not null,
  tries        smallint not null,              -- attempts so far
  next_at      timestamptz not null,
  primary key (workspace_id, name, place),
  foreign key (workspace_id, name) references event_webhooks on delete cascade
);
comment on table event_retries is 'kind: node. Events that a webhook did not take, to be tried again.';
