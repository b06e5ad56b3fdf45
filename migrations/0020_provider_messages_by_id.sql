-- 0020_provider_messages_by_id.sql: a row for each WhatsApp message costs half as much to write. It is asked for by the
-- provider's id alone, which need not be unique: of several sends, readers take that of the newest dispatch.

-- survives: older servers write with "on conflict do nothing", which needs no key
alter table provider_messages drop constraint provider_messages_pkey;
-- survives: results of WhatsApp messages wait for the index, a second for each million of the days that are kept
create index provider_messages_id on provider_messages (provider_message_id);
