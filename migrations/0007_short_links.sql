-- 0007_short_links.sql: the short links in texts.

create table short_links (
  code          text not null primary key,     -- what stands behind the domain
  workspace_id  integer not null,
  dispatch_id   uuid not null,                 -- the send that holds the link
  bucket        integer not null,
  user_id       bigint not null,
  channel       text not null,
  url           text not null,                 -- where it leads
  made_on       date not null                  -- day in UTC
);
comment on table short_links is
  'kind: name. Where the short links in texts lead, and whose they are. A row is written before its text is sent.';
create index short_links_age on short_links using brin (made_on);
