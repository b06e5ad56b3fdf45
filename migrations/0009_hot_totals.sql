-- 0009_hot_totals.sql: leaves room in each page of a person's totals for the newer versions of its rows. Takes a short lock
-- that waits for no reader or writer; pages that are full keep their rows where they are.

alter table activity_totals set (fillfactor = 75);
