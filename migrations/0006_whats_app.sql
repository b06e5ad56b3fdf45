-- 0006_whats_app.sql: what WhatsApp needs beyond what all channels have.

create table whats_app_windows (
  workspace_id integer not null,
  phone        text not null,                  -- in E.164, once for each form that the number may be stored in
  number_id    text not null,                  -- Meta's id of the business number that was written to
  wrote_at     timestamptz not null,           -- by the message's own time, not that of its callback
  primary key (workspace_id, phone, number_id)
);
comment on table whats_app_windows is
  'kind: name. When somebody last wrote to a business number on WhatsApp, which may answer freely for 24 hours.';
create index whats_app_windows_wrote on whats_app_windows (wrote_at);
