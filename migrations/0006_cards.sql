-- 0006_cards.sql: content cards as people have them. A card is written in the transaction that records its send as sent, so
-- the two always agree.

create table cards (
  bucket       integer not null,
  user_id      bigint not null,
  dispatch_id  uuid not null,                  -- the card's id: a dispatch gives a person one card at most
  created_at   timestamptz not null,           -- when it was stored; the newest come first
  expires_at   timestamptz not null,           -- when it leaves the feed; deleted a day later
  pinned       boolean not null,
  card         json not null,                  -- as rendered; see src/channels/content-card/index.ts. jsonb would refuse \u0000
  viewed_at    timestamptz,                    -- when a client first reported an impression; null: none yet
  clicked_at   timestamptz,
  dismissed_at timestamptz,                    -- null: the card is shown. A pinned card is never dismissed
  primary key (bucket, user_id, dispatch_id)
);
comment on table cards is 'kind: person. The content cards that a person has, for their feed.';
-- The newest of a person, without reading older ones.
create index cards_newest on cards (bucket, user_id, created_at, dispatch_id);
-- For housekeeping, which deletes expired cards.
create index cards_expired on cards (expires_at);
