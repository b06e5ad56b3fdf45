-- 0020_send_ids_found.sql: send ids of all campaigns by their name, for the search field of the console. A row is written only
-- when a send id is new.

-- survives: the table has a row for each send id, so the index is made within a second, and whoever sends under a new send id waits for it
create index send_ids_send on send_ids (send_id);
