import type { Seeding } from './seed.ts';

/** Writes the log of requests, what operators changed, the sandbox, and what providers said. */
export async function seedRest({ workspaceId, size: { people, campaigns }, appId, both, one }: Seeding): Promise<void> {
  const recent = `(select id, at, row_number() over (order by at desc) as r from planned where at > now() - interval '60 hours')`;
  await both([
    `insert into activity_log (id, workspace_id, occurred_at, category, dispatch_id, record)
     select gen_random_uuid(), ${workspaceId}, at + g * interval '1 second',
            (array['API message record', 'API error', 'API message record'])[1 + g % 3], case when g = 0 then id end,
            json_build_object('request', json_build_object('method', 'POST', 'path', '/messages/send'), 'status', 201,
                              'text', repeat('x', 600))
       from ${recent} as d cross join generate_series(0, 29) as g`,
    `insert into audit_records (workspace_id, at, operator, action, subject, after, address)
     select ${workspaceId}, now() - (20000 - g) * interval '10 minutes', 'admin', 'POST /messages/send', 'x', '{}', '127.0.0.1'
       from generate_series(1, 20000) as g`,
    `insert into sandbox_messages (bucket, dispatch_id, user_id, channel, workspace_id, message, delivered_at)
     select bucket_of(u), id, u, channel, ${workspaceId}, json_build_object('alert', 'Hello ' || u), at
       from (select p.*, 1 + (p.n * 7919 + i) % ${people} as u from planned p cross join generate_series(0, 99) as i
              where p.lane = 1 and p.size <= 1000 and p.day < 3) as s`,
    `insert into feedback_events (id, workspace_id, provider, event_id, kind, channel, occurred_at, received_at, bucket, user_id,
                                  dispatch_id, is_permanent, detail, due_at, is_heeded, place, outcome, campaign_id)
     select (left(id::text, 24) || lpad(to_hex(i), 12, '0'))::uuid, ${workspaceId}, 'ses', md5(n || ' ' || i), 'delivered', channel, at, at,
            bucket_of(u), u, id, false, '{}', at, true, row_number() over (order by id, i), 'applied', campaign
       from (select p.*, i, 1 + (p.n * 7919 + i) % ${people} as u from planned p cross join generate_series(0, 299) as i
              where p.size = 1000) as s`,
    `insert into token_removals (workspace_id, app_id, token, bucket, user_id, platform, device_id, foreground,
                                 registered_at, reason, dispatch_id, removed_at)
     select ${workspaceId}, '${appId}', md5(n::text), bucket_of(n), n, 'android', 'd' || n, true, now() - interval '90 days',
            'unregistered', gen_random_uuid(), now() - n % 200 * interval '1 hour'
       from generate_series(1, ${people}, 100) as n`,
    `insert into send_ids (campaign_id, send_id)
     select 'campaign-' || to_char(c, 'FM00000'), 'spring-' || c from generate_series(0, ${campaigns - 1}, 10) as c`,
  ]);
  await one.run(`select setval('feedback_places', (select max(place) from feedback_events))`);
}
