import { sql } from '../../src/db/sql.ts';
import type { TestApp } from './app.ts';

/** Moves the clock to an instant, from one due time to the next, and lets everything happen that is due. */
export async function goTo(app: TestApp, at: string): Promise<void> {
  const end = Date.parse(at);
  for (let looks = 0; looks < 5_000; looks += 1) {
    await app.drain();
    const now = app.clock.now().getTime();
    const { due, held } = await app.db.one<{ due: Date | null; held: number }>(sql`
      select min(run_at) as due, count(leased_until) as held from tasks`);
    if (held > 0) continue; // a notification has just woken a worker
    const next = Math.min(end, due?.getTime() ?? end);
    if (next > now) app.clock.advance(next - now);
    else if (now >= end && (due === null || due.getTime() > end)) return;
  }
  throw new Error('something due is not done');
}

/** When each person got a message, by external id. */
export async function received(app: TestApp): Promise<Record<string, string>> {
  const rows = await app.db.query<{ external_id: string; at: Date }>(sql`
    select p.external_id, m.delivered_at as at
      from sandbox_messages m
      join profiles p on p.bucket = m.bucket and p.user_id = m.user_id
     order by p.external_id`);
  return Object.fromEntries(rows.map((row) => [row.external_id, row.at.toISOString().slice(0, 16)]));
}

/** Thirty zones. In some of them clocks change on 28 March 2027, or are set otherwise than by whole hours. */
export const thirtyZones = [
  ...['Pacific/Kiritimati', 'Pacific/Chatham', 'Pacific/Auckland', 'Pacific/Fiji', 'Australia/Lord_Howe'],
  ...['Australia/Sydney', 'Australia/Adelaide', 'Asia/Tokyo', 'Australia/Eucla', 'Asia/Shanghai', 'Asia/Bangkok'],
  ...['Asia/Yangon', 'Asia/Kathmandu', 'Asia/Kolkata', 'Asia/Karachi', 'Asia/Kabul', 'Asia/Dubai', 'Asia/Tehran'],
  ...['Africa/Nairobi', 'Europe/Helsinki', 'Europe/Vienna', 'Europe/London', 'Atlantic/Azores', 'America/Nuuk'],
  ...[
    'America/Sao_Paulo',
    'America/St_Johns',
    'America/New_York',
    'America/Denver',
    'Pacific/Honolulu',
    'Pacific/Pago_Pago',
  ],
];
