-- 0005_custom_attributes.sql: equality on custom attributes without reading everybody (decision 9). Blocks writers of
-- profiles while it is built: about 17 s for a million people.
-- New entries wait in a list that is merged in the background (src/people/custom-index.ts), not by whoever writes: at 16 MB,
-- which it reaches only when nobody merges, it holds some 50,000 people and costs a reader 17 ms.
create index profiles_custom on profiles using gin (custom jsonb_path_ops)
  with (fastupdate = on, gin_pending_list_limit = 16384);
