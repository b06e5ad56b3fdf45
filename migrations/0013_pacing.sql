-- 0013_pacing.sql: the calls that providers' quotas still allow, for all threads and processes; see
-- src/dispatch/push/call-quotas.ts. A new table; locks nothing.
-- Not logged: after a crash of the database it begins anew, and about a second's worth may be called twice.
create unlogged table call_quotas (
  key       text primary key,                  -- who counts, and how many a minute
  begins_ms double precision not null,         -- where the last reservation begins, in Unix ms: between two calls there may be
  calls     integer not null                   -- less than a microsecond. How many it holds; the next one begins after them
);
