import type { Db } from '../../db/database.ts';
import { type Sql, sql } from '../../db/sql.ts';
import type { PersonKey } from '../../people/profile/identify.ts';
import { askedFor, inBucketsOf } from '../../people/profile/person-keys.ts';
import type { GlobalState } from '../../templating/facts.ts';
import type { Platform } from '../grammar/filter.ts';
import type { AudienceFacts, DeedDay, DeedTotal, Received, SessionDay } from './facts.ts';
import type { Need } from './needs.ts';

const DAY_MS = 86_400_000;
/** A filter looks back at most 30 days and the current day. */
const LONGEST_LOOK_BACK_DAYS = 31;

export interface FactsQuestion {
  workspaceId: number;
  people: readonly PersonKey[];
  needs: ReadonlySet<Need>;
  now: Date;
}

/** Loads the facts of a few people, by user id. People of other workspaces and deleted people are missing. */
export async function loadAudienceFacts(db: Db, question: FactsQuestion): Promise<Map<number, AudienceFacts>> {
  const { people, needs, now } = question;
  if (people.length === 0) return new Map();
  const ifNeeded = <T>(need: Need, load: () => Promise<T[]>) => (needs.has(need) ? load() : Promise.resolve<T[]>([]));
  const [profiles, totals, days, groups, tokens, received, sessionDays] = await Promise.all([
    loadProfiles(db, question),
    ifNeeded('totals', () => loadTotals(db, people)),
    ifNeeded('days', () => loadDays(db, people, now)),
    ifNeeded('groups', () => loadGroups(db, people)),
    ifNeeded('tokens', () => loadTokens(db, people)),
    ifNeeded('received', () => loadReceived(db, people)),
    ifNeeded('sessions', () => loadSessionDays(db, people, now)),
  ]);
  return new Map(
    profiles.map((row) => {
      const own = <T extends Owned>(rows: readonly T[]) => rows.filter(({ user_id }) => user_id === row.user_id);
      return [
        row.user_id,
        {
          ...factsOf(row),
          totals: own(totals),
          days: own(days),
          groups: new Map(own(groups).map(({ group_id, state }) => [group_id, state])),
          pushTokens: own(tokens),
          received: own(received),
          sessionDays: own(sessionDays),
        },
      ];
    }),
  );
}

interface Owned extends Record<string, unknown> {
  user_id: number;
}

/** Fragment: milliseconds since 1970, with microseconds as a fraction. null stays null. */
function milliseconds(time: Sql): Sql {
  return sql`(extract(epoch from ${time}) * 1000)::float8`;
}

interface ProfileRow extends Owned {
  first_name: string | null;
  last_name: string | null;
  email: string | null;
  phone: string | null;
  country: string | null;
  language: string | null;
  gender: string | null;
  home_city: string | null;
  time_zone: string | null;
  external_id: string | null;
  dob: string | null;
  created_at: number;
  random_bucket: number;
  email_state: GlobalState;
  email_state_changed_at: number | null;
  push_state: GlobalState;
  last_session_at: number | null;
  session_count: number;
  custom: Record<string, unknown>;
  custom_times: Record<string, number>;
  hard_bounced: boolean;
  marked_spam: boolean;
  phone_invalid: boolean;
}

function loadProfiles(db: Db, { workspaceId, people, needs }: FactsQuestion): Promise<ProfileRow[]> {
  const custom = needs.has('custom')
    ? sql`p.custom, p.custom_times`
    : sql`'{}'::jsonb as custom, '{}'::jsonb as custom_times`;
  const flag = (kind: 'email' | 'phone', column: Sql, address: Sql) =>
    needs.has('flags')
      ? sql`exists (select from addresses a where a.workspace_id = p.workspace_id and a.kind = ${kind}
                       and a.address = ${address} and ${column} is not null)`
      : sql`false`;
  return db.query<ProfileRow>(sql`
    select p.user_id, p.first_name, p.last_name, p.email, p.phone, p.country, p.language, p.gender, p.home_city,
           p.time_zone, p.external_id, p.dob, ${milliseconds(sql`p.created_at`)} as created_at, p.random_bucket,
           p.email_state, p.push_state, ${milliseconds(sql`p.email_state_changed_at`)} as email_state_changed_at,
           ${milliseconds(sql`p.last_session_at`)} as last_session_at, p.session_count,
           ${flag('email', sql`a.hard_bounced_at`, sql`lower(p.email)`)} as hard_bounced,
           ${flag('email', sql`a.marked_spam_at`, sql`lower(p.email)`)} as marked_spam,
           ${flag('phone', sql`a.invalid_at`, sql`p.phone`)} as phone_invalid, ${custom}
      from ${askedFor(people)}
      join profiles p on p.bucket = asked.bucket and p.user_id = asked.user_id
     where ${inBucketsOf(people, sql`p.bucket`)} and p.workspace_id = ${workspaceId}`);
}

type OwnFacts = Omit<AudienceFacts, 'totals' | 'days' | 'groups' | 'pushTokens' | 'received' | 'sessionDays'>;

function factsOf(row: ProfileRow): OwnFacts {
  const { first_name, last_name, email, phone, country, language, gender, home_city, time_zone, external_id } = row;
  return {
    custom: row.custom,
    customTimes: row.custom_times,
    attributes: {
      ...{ first_name, last_name, email, phone, country, language, gender, home_city, time_zone, external_id },
      dob: row.dob === null ? null : Date.parse(`${row.dob}T00:00:00Z`),
      created_at: row.created_at,
      random_bucket: row.random_bucket,
    },
    emailState: row.email_state,
    emailStateChangedAt: row.email_state_changed_at,
    pushState: row.push_state,
    lastSessionAt: row.last_session_at,
    sessionCount: row.session_count,
    addressFlags: {
      hard_bounced: row.hard_bounced,
      marked_spam: row.marked_spam,
      phone_invalid: row.phone_invalid,
    },
  };
}

function loadTotals(db: Db, people: readonly PersonKey[]): Promise<(DeedTotal & Owned)[]> {
  return db.query(sql`
    select t.user_id, t.kind as deed, t.name, t.count, ${milliseconds(sql`t.first_at`)} as "firstAt",
           ${milliseconds(sql`t.last_at`)} as "lastAt", t.revenue::float8 as revenue
      from ${askedFor(people)}
      join activity_totals t on t.bucket = asked.bucket and t.user_id = asked.user_id
     where ${inBucketsOf(people, sql`t.bucket`)}`);
}

function loadDays(db: Db, people: readonly PersonKey[], now: Date): Promise<(DeedDay & Owned)[]> {
  const since = longestLookBack(now);
  const day = sql`(extract(epoch from date_trunc('day', e.at, 'UTC')) * 1000)::float8`;
  return db.query(sql`
    select e.user_id, 'event' as deed, e.name, ${day} as "startsAt", count(*) as count
      from ${askedFor(people)}
      join events e on e.bucket = asked.bucket and e.user_id = asked.user_id and e.at >= ${since}
     where ${inBucketsOf(people, sql`e.bucket`)}
     group by 1, 3, 4
     union all
    select e.user_id, 'purchase' as deed, e.product_id, ${day}, sum(e.quantity)
      from ${askedFor(people)}
      join purchases e on e.bucket = asked.bucket and e.user_id = asked.user_id and e.at >= ${since}
     where ${inBucketsOf(people, sql`e.bucket`)}
     group by 1, 3, 4`);
}

function longestLookBack(now: Date): Date {
  return new Date((Math.floor(now.getTime() / DAY_MS) - LONGEST_LOOK_BACK_DAYS) * DAY_MS);
}

function loadSessionDays(db: Db, people: readonly PersonKey[], now: Date): Promise<(SessionDay & Owned)[]> {
  return db.query(sql`
    select s.user_id, (extract(epoch from s.day) * 1000)::float8 as "startsAt", s.count
      from ${askedFor(people)}
      join session_days s on s.bucket = asked.bucket and s.user_id = asked.user_id
                         and s.day >= (${longestLookBack(now)}::timestamptz at time zone 'UTC')::date
     where ${inBucketsOf(people, sql`s.bucket`)}`);
}

function loadGroups(
  db: Db,
  people: readonly PersonKey[],
): Promise<({ group_id: string; state: 'subscribed' | 'unsubscribed' } & Owned)[]> {
  return db.query(sql`
    select s.user_id, s.group_id, s.state
      from ${askedFor(people)}
      join subscription_states s on s.bucket = asked.bucket and s.user_id = asked.user_id
     where ${inBucketsOf(people, sql`s.bucket`)}`);
}

function loadTokens(
  db: Db,
  people: readonly PersonKey[],
): Promise<({ platform: Platform; appId: string; foreground: boolean } & Owned)[]> {
  return db.query(sql`
    select t.user_id, t.platform, t.app_id as "appId", t.foreground
      from ${askedFor(people)}
      join push_targets t on t.bucket = asked.bucket and t.user_id = asked.user_id
     where ${inBucketsOf(people, sql`t.bucket`)}`);
}

function loadReceived(db: Db, people: readonly PersonKey[]): Promise<(Received & Owned)[]> {
  return db.query(sql`
    select r.user_id, r.channel, r.campaign_id as "campaignId", ${milliseconds(sql`max(r.at)`)} as "lastAt"
      from ${askedFor(people)}
     cross join lateral (
       select s.user_id, s.channel, d.campaign_id, s.updated_at as at
         from sends s
         left join dispatches d on d.id = s.dispatch_id
        where s.bucket = asked.bucket and s.user_id = asked.user_id and s.status = 'sent'
        union all
       select t.user_id, t.channel, nullif(t.campaign_id, ''), t.last_at
         from received_totals t
        where t.bucket = asked.bucket and t.user_id = asked.user_id
     ) as r
     group by r.user_id, r.channel, r.campaign_id`);
}
