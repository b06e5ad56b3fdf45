import { filling, type Seeding } from './seed.ts';

const tables = ['profiles', 'user_names', 'push_targets', 'push_token_owners'];

/**
 * Writes people `person-1` and so on, with ten attributes, an email address and a device each. Every second one has a phone
 * number, and every tenth an alias.
 */
export async function seedPeople(seeding: Seeding): Promise<void> {
  const { size, workspaceId, appId, both, one } = seeding;
  await filling(seeding, tables, () =>
    both([
      profiles(workspaceId, size.people),
      names(workspaceId, size.people),
      devices(appId, size.people),
      owners(appId, size.people),
    ]),
  );
  await one.run(`select setval('user_ids', ${size.people} + 1)`);
  await both([
    `insert into addresses (workspace_id, kind, address, hard_bounced_at, invalid_at)
     select ${workspaceId}, case when n % 2 = 0 then 'email' else 'phone' end,
            case when n % 2 = 0 then ${emailOf} else ${phoneOf} end,
            case when n % 2 = 0 then now() - n % 100 * interval '5 hours' end,
            case when n % 2 = 1 then now() - n % 100 * interval '5 hours' end
       from generate_series(1, ${size.people}, 51) as n`,
    `insert into activity_totals (bucket, user_id, kind, name, count, first_at, last_at)
     select bucket_of(n), n, 'event', 'event-' || n % 20, 3, now() - interval '30 days', now() - n % 400 * interval '1 hour'
       from generate_series(1, ${size.people}, 2) as n`,
    `insert into consent_changes (bucket, user_id, workspace_id, changed_at, subject, previous, state, address, door, is_untold)
     select bucket_of(n), n, ${workspaceId}, now() - n % 2000 * interval '1 hour', 'email', 'subscribed', 'unsubscribed',
            ${emailOf}, 'link', null
       from generate_series(1, ${size.people}, 4) as n`,
  ]);
}

const emailOf = `'person-' || n || '@example.test'`;
const phoneOf = `'+1512' || to_char(n, 'FM0000000')`;
/** The token of the device of person n. */
const tokenOf = `encode(sha256(('person-' || n)::bytea), 'hex')`;

function pick(list: readonly string[], of: string): string {
  return `(array[${list.map((one) => `'${one}'`).join(', ')}])[1 + ${of} % ${list.length}]`;
}

function profiles(workspaceId: number, people: number): string {
  return `
    insert into profiles (bucket, user_id, workspace_id, external_id, created_at, first_name, last_name, email, email_state,
                          email_state_changed_at, phone, country, language, gender, home_city, time_zone, dob, custom)
    select bucket_of(n), n, ${workspaceId}, 'person-' || n, now() - n % 400 * interval '1 day',
           ${pick(['Ada', 'Grace', 'Alan', 'Barbara', 'Donald', 'Frances', 'Radia'], 'n')},
           ${pick(['Lovelace', 'Hopper', 'Turing', 'Liskov', 'Knuth'], 'n')}, ${emailOf},
           case when n % 4 = 1 then 'unsubscribed' else 'subscribed' end,
           case when n % 4 = 1 then now() - n % 2000 * interval '1 hour' end,
           case when n % 2 = 0 then ${phoneOf} end,
           ${pick(['US', 'DE', 'AT', 'FR', 'JP', 'BR'], 'n')}, ${pick(['en', 'de', 'fr', 'ja'], 'n')},
           ${pick(['F', 'M', 'N'], 'n')}, 'Vienna', ${pick(['Europe/Vienna', 'America/New_York', 'Asia/Tokyo'], 'n')},
           date '1960-01-01' + n % 15000,
           jsonb_build_object('points', n % 100, 'plan', case when n % 3 = 0 then 'gold' else 'basic' end,
             'cohort', 'cohort-' || n % 1000, 'referrer', 'r-' || n % 100000, 'brand', 'brand-' || n % 50,
             'is_member', n % 3 = 0, 'lifetime_value', n % 100000 / 100.0, 'eye_color', 'blue',
             'tags', jsonb_build_array('tag-' || n % 200, 'tag-' || n % 199), 'shoe_size', 35 + n % 12)
      from generate_series(1, ${people}) as n`;
}

function names(workspaceId: number, people: number): string {
  return `
    insert into user_names (workspace_id, label, name, bucket, user_id)
    select ${workspaceId}, '', 'person-' || n, bucket_of(n), n from generate_series(1, ${people}) as n
     union all
    select ${workspaceId}, 'crm', 'crm-' || n, bucket_of(n), n from generate_series(1, ${people}, 10) as n`;
}

function devices(appId: string, people: number): string {
  return `
    insert into push_targets (bucket, user_id, app_id, token, platform, device_id, last_used_at)
    select bucket_of(n), n, '${appId}', ${tokenOf}, 'android', 'd' || n, now() - n % 400 * interval '1 hour'
      from generate_series(1, ${people}) as n`;
}

function owners(appId: string, people: number): string {
  return `
    insert into push_token_owners (app_id, token, bucket, user_id)
    select '${appId}', device_of(${tokenOf}), bucket_of(n), n from generate_series(1, ${people}) as n`;
}
