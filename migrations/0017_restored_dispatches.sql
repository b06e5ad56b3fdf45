-- 0017_restored_dispatches.sql: finds the dispatches that wait for an order since a backup was restored. Few rows have an
-- entry, mostly none. Building it reads the dispatches that are kept, and holds up writes to them meanwhile.

-- survives: dispatches are few beside their sends, so writes wait for seconds at most
create index dispatches_restored on dispatches (workspace_id) where 'restored' = any (waits_for);
comment on column dispatches.waits_for is
  'What must work again before it goes on: "app …", "relays"; "restored": an operator''s order, after a backup was restored. null: nothing.';
