-- Who the workers are. Their database sessions say whether they live.

create table workers (
  id         uuid primary key,
  host       text not null,
  process_id integer not null,
  version    text not null,
  started_at timestamptz not null
);
comment on table workers is 'kind: node. The process of each worker, for people; rows of dead workers stay for a day.';
