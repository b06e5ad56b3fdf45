-- 0019_alerts.sql: what operators are told of troubles, elsewhere than in the console.

create table alert_watch (
  id           integer primary key default 1 check (id = 1),
  holder       uuid not null,                  -- the process that looks and tells
  leased_until timestamptz not null            -- when another one may
);
comment on table alert_watch is 'kind: node. Which process tells operators of troubles: one row.';

create table alert_troubles (
  workspace_id integer not null,
  trouble      text not null,                  -- what it is about, such as relay main
  alert_id     uuid not null,                  -- names one trouble from its beginning to its end
  said         json not null,                  -- severity, title, detail and since, as told
  seen_from    timestamptz not null,           -- when it was first seen, this time
  seen_at      timestamptz not null,           -- when it was last seen
  is_told      boolean not null,               -- its beginning was told, and not yet its end
  told_at      timestamptz,                    -- when its beginning was last told; null: never
  primary key (workspace_id, trouble)
);
comment on table alert_troubles is 'kind: node. Troubles that are seen now or were told of late.';

create table alert_messages (
  id         uuid not null,
  target     text not null check (target in ('webhook', 'mail')),
  body       json not null,
  place      bigint generated always as identity, -- the order in which a target is told
  tries      integer not null default 0,
  next_at    timestamptz not null,
  primary key (target, id)
);
comment on table alert_messages is 'kind: node. Messages to operators that nobody has yet.';
