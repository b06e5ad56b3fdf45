import { textArray } from '../../../db/array-text.ts';
import type { Parameter } from '../../../db/hot-statement.ts';
import { joinSql, raw, type Sql, sql } from '../../../db/sql.ts';
import type { PersonKey } from '../../profile/identify.ts';
import type { Person } from '../roster.ts';

/** A person who has a key: everybody whom a request saves. */
export type Keyed = Person & { key: PersonKey };

const NOW = Symbol('now');

interface Column {
  type: string;
  /** The value as PostgreSQL reads it. null: null, or what is usual. */
  read(person: Keyed, now: Date): string | null;
  /** What most people have in place of null. It costs less to say it once than for each of them. `now`: of the request. */
  usual?: string | typeof NOW;
}

const text = (name: keyof Person['columns'], type = 'text'): Column => ({
  type,
  read: ({ columns }) => (columns[name] === null ? null : String(columns[name])),
});
const state = (name: 'email_state' | 'push_state'): Column => ({
  type: 'text',
  read: ({ columns }) => (columns[name] === 'subscribed' ? null : columns[name]),
  usual: "'subscribed'",
});
const time = (read: (person: Keyed) => Date | null): Column => ({
  type: 'timestamptz',
  read: (person) => read(person)?.toISOString() ?? null,
});
const usuallyNow = (read: (person: Keyed) => Date): Column => ({
  type: 'timestamptz',
  read: (person, now) => (read(person).getTime() === now.getTime() ? null : read(person).toISOString()),
  usual: NOW,
});
const json = (
  read: (person: Keyed) => ReadonlyMap<string, unknown>,
  text?: (person: Keyed) => string | undefined,
): Column => ({
  type: 'jsonb',
  read(person) {
    const members = read(person);
    return members.size === 0 ? null : (text?.(person) ?? JSON.stringify(Object.fromEntries(members)));
  },
  usual: "'{}'",
});

/** The columns that never change once the person is made. */
const lasting: Readonly<Record<string, Column>> = {
  bucket: { type: 'integer', read: ({ key }) => String(key.bucket) },
  user_id: { type: 'bigint', read: ({ key }) => String(key.userId) },
  external_id: { type: 'text', read: ({ externalId }) => externalId },
  created_at: usuallyNow(({ createdAt }) => createdAt),
};

const changing: Readonly<Record<string, Column>> = {
  updated_at: usuallyNow(({ updatedAt }) => updatedAt),
  first_name: text('first_name'),
  last_name: text('last_name'),
  email: text('email'),
  email_state: state('email_state'),
  push_state: state('push_state'),
  email_state_changed_at: time(({ emailStateChangedAt }) => emailStateChangedAt),
  push_state_changed_at: time(({ pushStateChangedAt }) => pushStateChangedAt),
  phone: text('phone'),
  country: text('country'),
  language: text('language'),
  gender: text('gender'),
  home_city: text('home_city'),
  time_zone: text('time_zone'),
  dob: text('dob', 'date'),
  longitude: text('longitude', 'double precision'),
  latitude: text('latitude', 'double precision'),
  first_session_at: time(({ columns }) => columns.first_session_at),
  last_session_at: time(({ columns }) => columns.last_session_at),
  custom: json(
    ({ custom }) => custom.values,
    ({ custom }) => custom.text,
  ),
  custom_times: json(({ custom }) => custom.times),
  nested_times: json(({ custom }) => custom.nestedTimes),
  extras: json(({ extras }) => extras),
};

/** Added to the count of sessions. */
const sessions: Column = {
  type: 'integer',
  read: (person) => (person.sessions.length === 0 ? null : String(person.sessions.length)),
  usual: '0',
};

const columns: Readonly<Record<string, Column>> = { ...lasting, ...changing, session_count: sessions };
const names = Object.keys(columns);
const namesOfJson = names.filter((name) => columns[name]?.type === 'jsonb');

/** Fragment: the names of the columns that are stored for a new person. */
export const storedColumns: Sql = raw(names.join(', '));

/** Fragment: the values of `storedColumns`, from `peopleTable`. */
export const storedValues: Sql = joinSql(names.map(valueFrom), ', ');

/** Fragment: sets the columns of a stored person, whose row is `p`, from `peopleTable`. */
export const changes: Sql = joinSql(
  [
    ...Object.keys(changing).map((name) => sql`${raw(name)} = ${valueFrom(name)}`),
    sql`session_count = p.session_count + ${valueFrom('session_count')}`,
  ],
  ', ',
);

/**
 * Fragment: what is read of a locked person, whose row is `p`. The JSON, which may be long, is read only of people whom a
 * request may change: `each.is_whole`.
 */
export const readColumns: Sql = raw(
  [...Object.keys(lasting), ...Object.keys(changing)]
    .map((name) => (namesOfJson.includes(name) ? `case when each.is_whole then p.${name} end as ${name}` : `p.${name}`))
    .join(', '),
);

function valueFrom(name: string): Sql {
  const usual = columns[name]?.usual;
  if (usual === undefined) return raw(`x.${name}`);
  return raw(`coalesce(x.${name}, ${usual === NOW ? 'x.at' : usual})`);
}

/**
 * Fragment: the people as the table `x`, from one array per column. PostgreSQL reads it in half the time of JSON rows,
 * and without storing each column first, as it does in `from unnest(…, …)`. Arrays without any value may be empty,
 * because shorter ones are filled up with nulls. Its column `at` is `now`.
 */
export function peopleTable<Given extends { people: readonly Keyed[]; now: Date }>(param: Parameter<Given>): Sql {
  const arrays = Object.entries(columns).map(([name, { type, read }]) => {
    const array = param(({ people, now }) => {
      const values = people.map((person) => read(person, now));
      return values.every((value) => value === null) ? '{}' : textArray(values);
    });
    return sql`unnest(${array}::${raw(type)}[]) as ${raw(name)}`;
  });
  return sql`(select ${joinSql(arrays, ', ')}, ${param(({ now }) => now)}::timestamptz as at) as x`;
}
