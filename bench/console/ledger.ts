import { filling, SEGMENT_IDS, type Seeding } from './seed.ts';

/** Days of dispatches, today included. */
export const DAYS = 14;
/** People of one piece of a broadcast: their rows lie side by side, bucket by bucket, as the expansion writes them. */
const PIECE = 20_000;

/** Ids of the two dispatches whose plans the others copy. */
const broadcastPlan = `(select request::text from dispatches where lane = 1 order by id limit 1)`;
const namedPlan = `(select request::text from dispatches where lane = 0 order by id limit 1)`;

/**
 * Writes dispatches of the last days and their sends: three broadcasts to everybody, one of them today, forty to a tenth of
 * the people, thousands to a thousandth, and twice as many to one named person as there are campaigns.
 */
export async function seedLedger(seeding: Seeding): Promise<void> {
  const { both, one } = seeding;
  await one.run(`select make_daily_partitions((now() at time zone 'UTC')::date - ${DAYS - 1}, ${DAYS + 3})`);
  await planDispatches(seeding);
  await one.run(dispatches(seeding));
  const days = Array.from({ length: DAYS }, (_, day) => day);
  await filling(seeding, ['sends', 'provider_messages', 'send_feedback'], () => both(days.flatMap(ofDay(seeding))));
  await both(days.map((day) => finalCounts.replaceAll(':day', String(day))));
}

/** How many dispatches there are, how many people each has, and on which day it was accepted. 0: today. */
async function planDispatches({ size: { people, campaigns, sends }, one }: Seeding): Promise<void> {
  const [tenth, thousandth] = [Math.floor(people / 10), Math.ceil(people / 1_000)];
  const smalls = Math.ceil((sends - 3 * people - 40 * tenth) / thousandth);
  await one.run(`
    create unlogged table planned as
    select row_number() over () as n, lane, size, day,
           midnight - day * interval '1 day'
             + random() * (case when day = 0 then now() - midnight else interval '24 hours' end) as at
      from (select 1 as lane, ${people} as size, unnest(array[0, 2, 5]) as day
            union all
            select 1, ${tenth}, g % ${DAYS} from generate_series(1, 40) as g
            union all
            select 1, ${thousandth}, g % ${DAYS} from generate_series(1, ${smalls}) as g
            union all
            select 0, 1, g % ${DAYS} from generate_series(1, ${2 * campaigns}) as g) as sizes,
           (select date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' as midnight) as m`);
  await one.run(`
    alter table planned add id uuid, add request uuid, add channel text, add campaign text, add segment text;
    update planned
       set id = ${uuidAt('at')}, request = ${uuidAt(`at - interval '5 milliseconds'`)},
           channel = (array['android_push', 'email', 'email', 'android_push', 'sms'])[1 + n % 5],
           campaign = 'campaign-' || to_char(n * 7919 % ${campaigns}, 'FM00000'),
           segment = case when lane = 1 then '${SEGMENT_IDS}' || lpad(to_hex(n % 300), 12, '0') end;
    create index on planned (day);
    analyze planned`);
}

/** A UUIDv7 of this time. */
function uuidAt(at: string): string {
  const time = `lpad(to_hex((extract(epoch from ${at}) * 1000)::bigint), 12, '0')`;
  return `(${time} || '7' || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid`;
}

/** Every fiftieth was cancelled, and of those of the past every hundredth failed. Some wait for their time. */
function dispatches({ workspaceId, size: { people, campaigns } }: Seeding): string {
  const columns =
    'id, workspace_id, accepted_at, request_id, lane, state, request, campaign_id, segment_id, open_tasks, targeted, finished_at, cancelled_at, failure, audience_end, expanded_at';
  const stored = `replace(case lane when 1 then ${broadcastPlan} else ${namedPlan} end, 'campaign-00000', campaign)`;
  const plan = `replace(${stored}, '"android_push":', '"' || channel || '":')::json`;
  return `
    insert into dispatches (${columns})
    select id, ${workspaceId}, at, request, lane, state, ${plan}, campaign, segment, 0, size,
           case when state <> 'cancelled' then at + interval '3 minutes' end,
           case when state = 'cancelled' then at + interval '1 minute' end,
           case when state = 'failed' then 'the audience could not be read' end, ${people}, at + interval '10 seconds'
      from (select *, case when n % 50 = 7 then 'cancelled' when n % 100 = 3 and day > 1 and lane = 0 then 'failed'
                           else 'finished' end as state
              from planned) as p;
    insert into dispatches (id, workspace_id, accepted_at, lane, state, request, campaign_id, open_tasks, fires_at, schedule)
    select ${uuidAt('at')}, ${workspaceId}, at, 0, 'scheduled', replace(${namedPlan}, 'campaign-00000', campaign)::json, campaign, 1,
           now() + (24 + g) * interval '1 hour', json_build_object('time', now() + (24 + g) * interval '1 hour')
      from (select g, now() - g * interval '20 minutes' as at,
                   'campaign-' || to_char(g % ${campaigns}, 'FM00000') as campaign
              from generate_series(1, 400) as g) as s;
    insert into tasks (dispatch_id, workspace_id, lane, kind, run_at)
    select id, workspace_id, 2, 'fire', fires_at from dispatches where state = 'scheduled'`;
}

/** What became of person u in dispatch n: of a thousand, 930 got it. */
const fate = `abs(hashint8(u * 31 + n)) % 1000`;

function ofDay({ size: { people }, workspaceId }: Seeding): (day: number) => string[] {
  const rows = `
    (select p.n, p.id, p.channel, p.at, p.lane, 1 + (p.n * 7919 + i) % ${people} as u, i / ${PIECE} as piece
       from planned p cross join lateral generate_series(0, p.size - 1) as i
      where p.day = :day)`;
  const withFate = `(select *, bucket_of(u) as bucket, ${fate} as fate from ${rows} as r) as s`;
  return (day) =>
    [
      `insert into sends (bucket, dispatch_id, user_id, channel, status, attempts, updated_at, reason, detail, provider_code,
                          provider_message_id, address)
       select bucket, id, u, channel,
              (case when n % 50 = 7 and fate > 300 then 'cancelled' when fate < 930 then 'sent' when fate < 940 then 'failed'
                    when fate < 955 then 'bounced' else 'skipped' end)::send_status,
              case when fate < 955 then 1 else 0 end, at + interval '2 minutes',
              case when n % 50 = 7 and fate > 300 then 'cancelled' when fate < 930 then null when fate < 940 then 'gave_up'
                   when fate < 955 then 'address_dead' when fate < 980 then 'unsubscribed' else 'no_address' end,
              null, case when fate < 955 and fate >= 930 then '550' end,
              case when fate < 930 then ${messageId} end,
              case channel when 'email' then 'person-' || u || '@example.test' when 'sms' then '+1512' || to_char(u, 'FM0000000') end
         from ${withFate}
        order by n, piece, bucket, u`,
      `insert into provider_messages (workspace_id, channel, provider_message_id, dispatch_id, bucket, user_id)
       select ${workspaceId}, channel, ${messageId}, id, bucket, u from ${withFate} where channel = 'sms' and fate < 930`,
      `insert into send_feedback (bucket, dispatch_id, user_id, channel, delivered_at, opened_at, clicked_at, opens,
                                  machine_opens, clicks, machine_clicks, shows, dismissals)
       select bucket, id, u, channel, at + interval '3 minutes', case when fate < 150 then at + interval '1 hour' end,
              case when fate < 30 then at + interval '1 hour' end, (fate < 150)::integer, 0, (fate < 30)::integer, 0, 0, 0
         from ${withFate} where channel <> 'android_push' and fate < 300
        order by n, piece, bucket, u`,
    ].map((text) => text.replaceAll(':day', String(day)));
}

/** The provider's id of the message to person u in dispatch n. */
const messageId = `case channel when 'sms' then 'SM' || md5(n || ' ' || u) else md5(n || ' ' || u) end`;

/** The counts of broadcasts to many, as they are stored when such a dispatch is over: of those of one day. */
const finalCounts = `
  with of as (
    select s.dispatch_id, s.channel, s.status, s.reason, count(*) as count, sum(s.attempts) as attempts,
           0 as attempts_in_flight, 0 as attempts_failed
      from sends s join planned p on p.id = s.dispatch_id
     where p.day = :day and p.size > 20000
           and s.dispatch_id between (select id from planned where day = :day order by id limit 1)
                               and (select id from planned where day = :day order by id desc limit 1)
     group by 1, 2, 3, 4
  ), rows as (
    select dispatch_id, jsonb_agg(to_jsonb(of) - 'dispatch_id') as rows from of group by 1
  )
  update dispatches d
     set counts = jsonb_build_object('at', d.finished_at, 'tookMs', 500, 'isFinal', true, 'rows', rows.rows)
    from rows
   where d.id = rows.dispatch_id`;
