-- 0016_operator_identities.sql: operators who sign in by OpenID Connect.

create table operator_identities (
  operator_id uuid primary key references operators (id) on delete cascade,
  email       text not null,                   -- in lower case: what an admin linked, or what the first sign-in said
  issuer      text,                            -- null, like the subject: linked by an admin, and nobody has signed in yet
  subject     text,
  created_at  timestamptz not null,
  created_by  text not null,
  check ((issuer is null) = (subject is null))
);
comment on table operator_identities is 'kind: shared. Whom of an identity provider an operator is. Issuer and subject decide; the email address only until the first sign-in.';
create unique index operator_identities_subject on operator_identities (issuer, subject);
create unique index operator_identities_waiting on operator_identities (email) where subject is null;

create table spent_sign_ins (
  state_hash bytea primary key,                -- SHA-256 of the state of the sign-in
  ends_at    timestamptz not null              -- when its cookie ends, and the row may go
);
comment on table spent_sign_ins is 'kind: node. Sign-ins by OpenID Connect that have begun a session, each of which may begin only one.';
