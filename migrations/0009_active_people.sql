-- 0009_active_people.sql: how many people were active (docs/decisions/0057-people-who-were-active.md).

create table active_people (
  bucket   integer not null,
  user_id  bigint not null,
  last_day integer not null,                   -- the last day with an activity: days since 1970, in UTC
  days     bigint not null,                    -- bit n: active n days before last_day; 60 bits
  primary key (bucket, user_id)
) with (fillfactor = 80);
comment on table active_people is
  'kind: person. On which of the recent days somebody was active, so that each day and month counts a person once.';

create table active_days (
  workspace_id integer not null,
  day          integer not null,               -- days since 1970, in UTC
  shard        smallint not null,              -- rows of one day that are counted apart; -1: their sum, of days long past
  people       bigint not null,                -- who were active on that day
  month_change bigint not null,                -- by how many people the month that ends on that day differs from that of the day before
  primary key (workspace_id, day, shard)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
comment on table active_days is
  'kind: node. How many people were active, by day and by 30 days, counted in the transaction that stores what they did.';
