-- 0010_listed_recipients.sql: sends to long lists of people, which come line by line. Locks no existing table.

create table recipient_lists (
  id           uuid not null primary key,
  workspace_id integer not null,
  key          text,                           -- the idempotency key by which an upload goes on; null: it cannot
  dispatch_id  uuid,                           -- the dispatch that it is to become; null: its end has not come yet
  chunks       integer not null default 0,     -- number of chunks stored so far
  lines        integer not null default 0,     -- number of people in them
  holder       uuid not null,                  -- the request that writes it
  held_until   timestamptz not null,           -- from then on another request may go on with it
  touched_at   timestamptz not null,           -- when something was last stored
  unique (workspace_id, key)
);
comment on table recipient_lists is
  'kind: node. Lists that are being uploaded, or are not expanded yet. One without a dispatch is deleted after 24 hours.';

create table recipient_list_chunks (
  list_id      uuid not null,
  chunk        integer not null,               -- from 1
  workspace_id integer not null,
  hash         bytea not null,                 -- of its lines as they came
  size_bytes   integer not null,               -- of its lines as they came
  recipients   json not null,                  -- see src/dispatch/ledger/lists/chunks.ts
  primary key (list_id, chunk)
);
comment on table recipient_list_chunks is
  'kind: node. The people of a list as they were named, some hundred to a chunk, until they are written as recipients.';
create index recipient_list_chunks_workspace on recipient_list_chunks (workspace_id);

create table listed_people (
  bucket      integer not null,
  dispatch_id uuid not null,
  user_id     bigint not null,
  line        integer not null,                -- of the list, from 1
  properties  json,                            -- the trigger properties of this person alone; null: none
  primary key (bucket, dispatch_id, user_id)
) partition by range (dispatch_id);
comment on table listed_people is 'kind: person. The recipients of a list, each with their own trigger properties.';
create table listed_people_default partition of listed_people default;

create table listed_refusals (
  dispatch_id uuid not null,
  line        integer not null,                -- of the list, from 1
  label       text not null,                   -- '': the name is an external id, or what "named_by" says
  name        text not null,
  named_by    text,                            -- braze_id or email; null: an external id or an alias
  reason      text not null,
  detail      text,
  primary key (dispatch_id, line)
) partition by range (dispatch_id);
comment on table listed_refusals is
  'kind: node. The lines of a list that have no recipient, and why: they name nobody, or somebody a second time.';
create table listed_refusals_default partition of listed_refusals default;
