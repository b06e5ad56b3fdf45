-- 0009_console.sql: who may use the console, who is signed in, and what they changed.

create table operators (
  id            uuid primary key,
  workspace_id  integer not null references workspaces (id),
  name          text not null check (name = lower(name) and length(name) between 1 and 100),
  role          text not null check (role in ('viewer', 'sender', 'admin')),
  password_hash text not null,                 -- scrypt; see src/operators/passwords.ts
  created_at    timestamptz not null,
  created_by    text not null
);
comment on table operators is 'kind: shared. People who use the console.';
create unique index operators_name on operators (name);

create table operator_sessions (
  token_hash  bytea primary key,               -- SHA-256 of the token, which only the browser has
  id          uuid not null,                   -- names the session where it is listed
  operator_id uuid not null,
  began_at    timestamptz not null,
  seen_at     timestamptz not null,            -- of its last request, to the minute
  address     text not null,
  user_agent  text not null
);
comment on table operator_sessions is 'kind: node. Who is signed in. A session that ends is deleted.';
create index operator_sessions_operator on operator_sessions (operator_id);

create table audit_records (
  id           bigint generated always as identity primary key,
  workspace_id integer not null,
  at           timestamptz not null,
  operator     text not null,                  -- the name at that time
  action       text not null,                  -- such as operator.create
  subject      text not null,                  -- what was changed: an id or a name
  before       json,                           -- null: it was not there, or there is nothing to say
  after        json,
  address      text not null
);
comment on table audit_records is 'kind: node. What operators changed. Never deleted.';
create index audit_records_workspace on audit_records (workspace_id, id);

create table frozen_sets (
  id           uuid primary key,
  workspace_id integer not null,
  dispatch_id  uuid not null,
  filter       json not null,                  -- see src/dispatch/plan/replay-filter.ts
  recipients   integer not null,               -- number of sends, as it was shown
  in_doubt     integer not null,               -- number of those whose person may have the message already
  replays      integer not null,               -- number of replays that the dispatch had had
  frozen_at    timestamptz not null,
  frozen_by    text not null,                  -- name of the operator
  expires_at   timestamptz not null,
  used_at      timestamptz,                    -- null: not yet
  used_by      text
);
comment on table frozen_sets is
  'kind: node. Sends of a dispatch that is over, which an operator has counted and may try again, once. Such a dispatch does not change, so the filter names the same sends until then.';
create index frozen_sets_expiry on frozen_sets (expires_at);
