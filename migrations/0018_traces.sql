-- 0018_traces.sql: where a sampled trace goes on that began with the request of a dispatch.

alter table dispatches add column trace text;   -- W3C traceparent of its acceptance; null: it is not traced
