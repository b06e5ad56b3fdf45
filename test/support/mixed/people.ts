// People in every state that decides who gets a message: each state for some, drawn from the number of the person.
import { sql } from '../../../src/db/sql.ts';
import type { TestApp } from '../app.ts';

export const IOS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const TEXTS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a12';

/** Writes `p1` to `p<count>`. */
export async function givenMixed({ db, workspaceId }: TestApp, count: number): Promise<void> {
  await db.run(sql`
    with numbered as materialized (select nextval('user_ids') as user_id, n from generate_series(1, ${count}::integer) as n),
    named as (
      insert into user_names (workspace_id, label, name, bucket, user_id)
      select ${workspaceId}, '', 'p' || n, bucket_of(user_id), user_id from numbered
    ), tokens as (
      insert into push_targets (bucket, user_id, app_id, token, platform, device_id, foreground)
      select bucket_of(user_id), user_id, ${IOS}, 't' || n, 'ios', 'd' || n, n % 23 <> 0 from numbered where n % 5 <> 0
    ), states as (
      insert into subscription_states (bucket, user_id, group_id, state)
      select bucket_of(user_id), user_id, ${TEXTS}, case when n % 4 = 1 then 'unsubscribed' else 'subscribed' end
        from numbered where n % 4 <> 0
    )
    insert into profiles (bucket, user_id, workspace_id, external_id, email, phone, email_state, push_state, time_zone, custom)
    select bucket_of(user_id), user_id, ${workspaceId}, 'p' || n,
           case when n % 7 = 0 then null
                when n % 50 in (8, 9, 10) then 'shared' || n / 50 || '@example.test'
                else 'p' || n || '@example.test' end,
           case when n % 6 = 0 then null
                when n % 31 = 0 then '+4366' || 10000000 + n
                else '+1415' || 2000000 + n end,
           (array['unsubscribed', 'subscribed', 'opted_in', 'opted_in', 'opted_in'])[1 + n % 9 % 5],
           (array['unsubscribed', 'subscribed', 'opted_in', 'opted_in'])[1 + n % 11 % 4],
           case when n % 8 = 0 then 'Asia/Tokyo' when n % 8 = 1 then 'America/New_York' end,
           jsonb_build_object('fate', n % 37, 'early', n % 3 = 0, 'plan', case when n % 2 = 0 then 'pro' else 'free' end)
      from numbered`);
  const flagged = (kind: string, column: string, divisor: number) =>
    db.run(sql`
      insert into addresses (workspace_id, kind, address, hard_bounced_at, marked_spam_at, suppressed_at, invalid_at)
      select ${workspaceId}, ${kind}, address, ${column === 'hard_bounced_at' ? sql`now()` : sql`null`},
             ${column === 'marked_spam_at' ? sql`now()` : sql`null`},
             ${column === 'suppressed_at' ? sql`now()` : sql`null`}, ${column === 'invalid_at' ? sql`now()` : sql`null`}
        from (select distinct ${kind === 'email' ? sql`email` : sql`phone`} as address
                from profiles where substr(external_id, 2)::integer % ${divisor} = 0) as x
       where address is not null
          on conflict do nothing`);
  await flagged('email', 'hard_bounced_at', 13);
  await flagged('email', 'marked_spam_at', 17);
  await flagged('email', 'suppressed_at', 19);
  await flagged('phone', 'invalid_at', 29);
  await flagged('phone', 'suppressed_at', 43);
  await db.run(sql`analyze profiles`);
}

/** One person as stored, in plain words. */
export interface RawPerson {
  userId: number;
  name: string;
  email: string | null;
  phone: string | null;
  emailState: string;
  pushState: string;
  zone: string;
  fate: number;
  isEarly: boolean;
  plan: string;
  /** Flags of the two addresses. */
  emailFlags: { bounced: boolean; spam: boolean; suppressed: boolean };
  phoneFlags: { invalid: boolean; suppressed: boolean };
  /** The state in the group of texts. null: none. */
  inTexts: string | null;
  /** The token of the only device. null: none. */
  token: string | null;
  isForeground: boolean;
}

interface Row extends Record<string, unknown> {
  user_id: number;
  external_id: string;
  email: string | null;
  phone: string | null;
  email_state: string;
  push_state: string;
  zone: string;
  custom: { fate: number; early: boolean; plan: string };
  bounced: boolean;
  spam: boolean;
  suppressed: boolean;
  invalid: boolean;
  phone_suppressed: boolean;
  state: string | null;
  token: string | null;
  foreground: boolean;
}

/** Everybody, by plain joins of the tables: nothing of the code that decides about sends. In the order of their user ids. */
export async function readMixed({ db }: TestApp): Promise<RawPerson[]> {
  const rows = await db.query<Row>(sql`
    select p.user_id, p.external_id, p.email, p.phone, p.email_state, p.push_state, coalesce(p.time_zone, 'UTC') as zone,
           p.custom, e.hard_bounced_at is not null as bounced, e.marked_spam_at is not null as spam,
           e.suppressed_at is not null as suppressed, f.invalid_at is not null as invalid,
           f.suppressed_at is not null as phone_suppressed, s.state, t.token, coalesce(t.foreground, false) as foreground
      from profiles p
      left join addresses e on e.kind = 'email' and e.address = p.email
      left join addresses f on f.kind = 'phone' and f.address = p.phone
      left join subscription_states s on s.bucket = p.bucket and s.user_id = p.user_id
      left join push_targets t on t.bucket = p.bucket and t.user_id = p.user_id
     order by p.user_id`);
  return rows.map((row) => ({
    ...{ userId: row.user_id, name: row.external_id, email: row.email, phone: row.phone },
    ...{ emailState: row.email_state, pushState: row.push_state, zone: row.zone },
    ...{ fate: row.custom.fate, isEarly: row.custom.early, plan: row.custom.plan },
    emailFlags: { bounced: row.bounced, spam: row.spam, suppressed: row.suppressed },
    phoneFlags: { invalid: row.invalid, suppressed: row.phone_suppressed },
    ...{ inTexts: row.state, token: row.token, isForeground: row.foreground },
  }));
}
