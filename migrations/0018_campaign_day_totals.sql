-- 0018_campaign_day_totals.sql: the numbers of a campaign on a day that is past, in one row, for those who read a series.

create table campaign_day_totals (
  campaign_id text not null,
  day         date not null,                   -- UTC
  numbers     json not null,                   -- all of the day, over all send ids: an array, one object for each channel and variation
  primary key (campaign_id, day)
);
comment on table campaign_day_totals is
  'kind: node. What campaign_days and feedback_days say of a day, added up by housekeeping. A day without a row is read there.';

-- A number of a past day may still change: by a replay, a late callback, or housekeeping of an older server. The row of its
-- day then goes, in the same transaction, and is made again later. Whoever makes rows holds the lock alone, so that no
-- change comes between reading a day and writing its row.
create function forget_campaign_day() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(hashtext('cresset campaign_day_totals'));
  if tg_op = 'DELETE' then
    delete from campaign_day_totals where campaign_id = old.campaign_id and day = old.day;
  else
    delete from campaign_day_totals where campaign_id = new.campaign_id and day = new.day;
  end if;
  return null;
end $$;

-- Rows are made hours after their day is over, and these conditions are true from its end on. They call no function of ours,
-- so that counting what happens today costs nothing more.
-- survives: it refuses nothing, and what it deletes older servers never read
create trigger campaign_days_late after insert or update on campaign_days for each row
  when (new.day < (now() at time zone 'UTC')::date) execute function forget_campaign_day();
-- survives: it refuses nothing, and what it deletes older servers never read
create trigger campaign_days_late_gone after delete on campaign_days for each row
  when (old.day < (now() at time zone 'UTC')::date) execute function forget_campaign_day();
-- survives: it refuses nothing, and what it deletes older servers never read
create trigger feedback_days_late after insert or update on feedback_days for each row
  when (new.day < (now() at time zone 'UTC')::date) execute function forget_campaign_day();
-- survives: it refuses nothing, and what it deletes older servers never read
create trigger feedback_days_late_gone after delete on feedback_days for each row
  when (old.day < (now() at time zone 'UTC')::date) execute function forget_campaign_day();

-- The series of one send id. Before PostgreSQL 18, the primary key finds only all send ids of a day.
-- survives: a campaign has few rows with send ids, and none older than 16 days, so writes wait for seconds at most
create index campaign_days_send on campaign_days (campaign_id, send_id, day) where send_id <> '';
-- survives: a campaign has few rows with send ids, and none older than 16 days, so writes wait for seconds at most
create index feedback_days_send on feedback_days (campaign_id, send_id, day) where send_id <> '';
