-- 0012_turns.sql: broadcasts take turns; see src/queue/turns.ts. The index holds tasks of broadcasts only; locks tasks while it
-- is built, which is a moment.
create index tasks_turns on tasks (dispatch_id, run_at, id) where lane = 1 and kind <> 'expand';
