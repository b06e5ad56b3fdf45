-- 0008_pace.sql: how fast the messages of a dispatch may be begun, and the first part of it that is watched.

create table dispatch_starts (
  dispatch_id  uuid not null,
  channel      text not null,
  began_at     timestamptz not null,           -- when the first was asked for; a ramp rises from here
  next_ms      double precision not null,      -- when the next is due by the pace, in milliseconds since 1970
  line_ms      double precision not null,      -- until when tasks that wait have been told to come back
  started      bigint not null default 0,      -- number of messages that were begun, retries included
  last_at      timestamptz not null,           -- when the last was begun
  buckets      integer[] not null default '{}', -- the people of these were begun while a canary was watched
  canary       text not null check (canary in ('none', 'running', 'passed', 'stopped')),
  canary_looked_at timestamptz,                -- when it was judged last; null: not yet
  primary key (dispatch_id, channel)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
comment on table dispatch_starts is
  'kind: node. Of dispatches with a pace or a canary: how much of each channel was begun. Other dispatches have no row.';
