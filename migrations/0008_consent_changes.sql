-- 0008_consent_changes.sql: who changed which subscription state of whom (docs/decisions/0052-consent-record.md).

create sequence consent_change_ids;

create table consent_changes (
  bucket       integer not null,
  user_id      bigint not null,
  id           bigint not null default nextval('consent_change_ids'), -- a merge copies it with its row
  workspace_id integer not null,
  changed_at   timestamptz not null,
  subject      text not null check (subject in ('email', 'push', 'group')),
  group_id     text check ((group_id is not null) = (subject = 'group')),
  previous     text,                           -- null: the person had no state in the group
  state        text not null,
  address      text,                           -- the person's at that time: of mails in lower case, of texts in E.164; null: none
  door         text not null,                  -- how the change came in; see src/people/consent/record/source.ts
  key_name     text,                           -- of the API key
  provider     text,
  ip           text,                           -- the client's address, where that is a person's
  legal_basis  text,                           -- as given
  is_untold    boolean                         -- it is still to go into the feed of events; null: it is not
) partition by range (changed_at);
comment on table consent_changes is
  'kind: person. Changes of subscription states: who, when, by which door. Kept as long as the person. It has no key, because a key across partitions would need the time.';
create index consent_changes_person on consent_changes (bucket, user_id, id);
create index consent_changes_untold on consent_changes (id) where is_untold;
create table consent_changes_default partition of consent_changes default with (fillfactor = 90);
