import type { Db } from '../db/database.ts';
import { empty, type Sql, sql } from '../db/sql.ts';
import type { GlobalState, PersonFacts } from '../templating/facts.ts';
import { brazeId } from './braze-id.ts';
import type { PersonKey } from './identify.ts';

export type Platform = 'ios' | 'android' | 'kindle' | 'web';

export interface PushTarget {
  appId: string;
  platform: Platform;
  token: string;
  deviceId: string;
  foreground: boolean;
  lastUsedAt: Date | null;
  registeredAt: Date;
}

/** What is known of an address, whoever has it. */
export interface AddressFlags {
  hardBouncedAt: Date | null;
  markedSpamAt: Date | null;
  invalidAt: Date | null;
  suppressedAt: Date | null;
}

/** One person as the target of a send. What was not asked for is empty or null. */
export interface Recipient extends PersonKey {
  /** `phone` is in E.164. */
  person: PersonFacts;
  pushState: GlobalState;
  /** Most recently used first; those never used by date of registration, newest first. */
  pushTargets: readonly PushTarget[];
  /** Null when nothing is known of the address. */
  emailFlags: AddressFlags | null;
  phoneFlags: AddressFlags | null;
}

export interface RecipientNeeds {
  custom: boolean;
  push: boolean;
  groups: boolean;
  emailFlags: boolean;
  phoneFlags: boolean;
}

export const allNeeds: RecipientNeeds = { custom: true, push: true, groups: true, emailFlags: true, phoneFlags: true };

/**
 * What gates and templates need to know of these persons, by user id, in one round trip; deleted persons are missing.
 * Fastest when all of them have one bucket. Leave out of `needs` what no message uses.
 */
export async function loadRecipients(
  db: Db,
  {
    workspaceId,
    people,
    needs = allNeeds,
  }: { workspaceId: number; people: readonly PersonKey[]; needs?: RecipientNeeds },
): Promise<Map<number, Recipient>> {
  const [first] = people;
  if (first === undefined) return new Map();
  const isOneBucket = people.every(({ bucket }) => bucket === first.bucket);
  const ids = people.map(({ userId }) => userId);
  const source = isOneBucket
    ? sql`profiles p`
    : sql`unnest(${people.map(({ bucket }) => bucket)}::integer[], ${ids}::bigint[]) as asked(bucket, user_id)
      join profiles p on p.bucket = asked.bucket and p.user_id = asked.user_id`;
  const these = isOneBucket ? sql`p.bucket = ${first.bucket} and p.user_id = any(${ids}::bigint[])` : sql`true`;
  const rows = await db.prepared<Row>(
    statementName(needs, isOneBucket),
    sql`
    select p.bucket, p.user_id, p.created_at, p.external_id, p.first_name, p.last_name, p.email, p.phone, p.gender,
           p.language, p.country, p.home_city, p.time_zone, p.dob, p.random_bucket, p.longitude, p.latitude,
           p.last_session_at, p.email_state, p.push_state${extraColumns(needs)}
      from ${source}${extraJoins(needs)}
     where ${these} and p.workspace_id = ${workspaceId}`,
  );
  return new Map(rows.map((row) => [row.user_id, recipientFrom(row)]));
}

/** Statements are kept by name, so each combination of needs has its own. */
function statementName(needs: RecipientNeeds, isOneBucket: boolean): string {
  const { custom, push, groups, emailFlags, phoneFlags } = needs;
  const bits = [isOneBucket, custom, push, groups, emailFlags, phoneFlags].map(Number).join('');
  return `load_recipients_${bits}`;
}

function extraColumns(needs: RecipientNeeds): Sql {
  return sql`${needs.custom ? sql`, p.custom, p.custom_times` : empty}${
    needs.push
      ? sql`,
           (select json_agg(json_build_array(t.app_id, t.platform, t.token, t.device_id, t.foreground,
                                             extract(epoch from t.last_used_at) * 1000,
                                             extract(epoch from t.registered_at) * 1000)
                            order by t.last_used_at desc nulls last, t.registered_at desc, t.app_id, t.token)
              from push_targets t
             where t.bucket = p.bucket and t.user_id = p.user_id) as targets`
      : empty
  }${
    needs.groups
      ? sql`,
           (select json_object_agg(s.group_id, s.state)
              from subscription_states s
             where s.bucket = p.bucket and s.user_id = p.user_id) as groups`
      : empty
  }${needs.emailFlags ? flagColumns('email') : empty}${needs.phoneFlags ? flagColumns('phone') : empty}`;
}

function flagColumns(kind: 'email' | 'phone'): Sql {
  return kind === 'email'
    ? sql`,
           e.address is not null as email_known, e.hard_bounced_at as email_hard_bounced_at,
           e.marked_spam_at as email_marked_spam_at, e.invalid_at as email_invalid_at,
           e.suppressed_at as email_suppressed_at`
    : sql`,
           f.address is not null as phone_known, f.hard_bounced_at as phone_hard_bounced_at,
           f.marked_spam_at as phone_marked_spam_at, f.invalid_at as phone_invalid_at,
           f.suppressed_at as phone_suppressed_at`;
}

function extraJoins(needs: RecipientNeeds): Sql {
  return sql`${
    needs.emailFlags
      ? sql`
      left join addresses e on e.workspace_id = p.workspace_id and e.kind = 'email' and e.address = lower(p.email)`
      : empty
  }${
    needs.phoneFlags
      ? sql`
      left join addresses f on f.workspace_id = p.workspace_id and f.kind = 'phone' and f.address = p.phone`
      : empty
  }`;
}

type TargetTuple = [string, Platform, string, string, boolean, number | null, number];

interface Row {
  bucket: number;
  user_id: number;
  created_at: Date;
  external_id: string | null;
  first_name: string | null;
  last_name: string | null;
  email: string | null;
  phone: string | null;
  gender: string | null;
  language: string | null;
  country: string | null;
  home_city: string | null;
  time_zone: string | null;
  dob: string | null;
  random_bucket: number;
  longitude: number | null;
  latitude: number | null;
  last_session_at: Date | null;
  email_state: GlobalState;
  push_state: GlobalState;
  custom?: Record<string, unknown>;
  custom_times?: Record<string, number>;
  targets?: TargetTuple[] | null;
  groups?: Record<string, 'subscribed' | 'unsubscribed'> | null;
  email_known?: boolean;
  email_hard_bounced_at?: Date | null;
  email_marked_spam_at?: Date | null;
  email_invalid_at?: Date | null;
  email_suppressed_at?: Date | null;
  phone_known?: boolean;
  phone_hard_bounced_at?: Date | null;
  phone_marked_spam_at?: Date | null;
  phone_invalid_at?: Date | null;
  phone_suppressed_at?: Date | null;
}

function recipientFrom(row: Row): Recipient {
  const pushTargets = (row.targets ?? []).map(targetFrom);
  return {
    bucket: row.bucket,
    userId: row.user_id,
    person: personFrom(row, pushTargets),
    pushState: row.push_state,
    pushTargets,
    emailFlags: row.email_known
      ? flags(row.email_hard_bounced_at, row.email_marked_spam_at, row.email_invalid_at, row.email_suppressed_at)
      : null,
    phoneFlags: row.phone_known
      ? flags(row.phone_hard_bounced_at, row.phone_marked_spam_at, row.phone_invalid_at, row.phone_suppressed_at)
      : null,
  };
}

type Instant = Date | null | undefined;

function flags(hardBouncedAt: Instant, markedSpamAt: Instant, invalidAt: Instant, suppressedAt: Instant): AddressFlags {
  return {
    hardBouncedAt: hardBouncedAt ?? null,
    markedSpamAt: markedSpamAt ?? null,
    invalidAt: invalidAt ?? null,
    suppressedAt: suppressedAt ?? null,
  };
}

function targetFrom([appId, platform, token, deviceId, foreground, lastUsedMs, registeredMs]: TargetTuple): PushTarget {
  const lastUsedAt = lastUsedMs === null ? null : new Date(lastUsedMs);
  return { appId, platform, token, deviceId, foreground, lastUsedAt, registeredAt: new Date(registeredMs) };
}

function personFrom(row: Row, pushTargets: readonly PushTarget[]): PersonFacts {
  return {
    brazeId: brazeId(row.created_at, row.bucket, row.user_id),
    externalId: row.external_id,
    firstName: row.first_name,
    lastName: row.last_name,
    email: row.email,
    phone: row.phone,
    gender: row.gender,
    language: row.language,
    country: row.country,
    homeCity: row.home_city,
    timeZone: row.time_zone,
    dob: row.dob,
    randomBucket: row.random_bucket,
    longitude: row.longitude,
    latitude: row.latitude,
    lastSessionAt: row.last_session_at,
    emailState: row.email_state,
    custom: row.custom ?? {},
    customTimes: row.custom_times ?? {},
    subscriptionGroups: row.groups ?? {},
    mostRecentlyUsedDevice: usedDevice(pushTargets),
  };
}

/** A token imported through the API was never used by an app, so that it says nothing of a device. */
function usedDevice([latest]: readonly PushTarget[]): PersonFacts['mostRecentlyUsedDevice'] {
  if (latest === undefined || latest.lastUsedAt === null) return null;
  return { id: latest.deviceId, platform: latest.platform, foreground_push_enabled: latest.foreground };
}
