-- The secret that all servers of the database seal credentials with.

create table sealing_secret (
  is_only boolean primary key default true check (is_only),  -- there is one row
  proof   bytea not null,                                    -- a known text, sealed with the secret
  since   timestamptz not null default now()                 -- when it became the secret of the servers
);
comment on table sealing_secret is 'kind: shared. Shows whether a server or command has the CRESSET_SECRET of the others.';
