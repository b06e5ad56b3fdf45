import { sql } from '../src/db/sql.ts';
import { MOST_OTHERS, MOST_POSTS, MOST_PUSHES } from '../src/dispatch/deliver/send-limits.ts';
import { statusNow } from '../src/dispatch/ledger/status-now.ts';
import type { DispatchState } from '../src/dispatch/plan/states.ts';
import { appIds } from '../src/simulate/workspace-folder.ts';
import type { Allowance, Books, Entry, LedgerRow } from './books.ts';
import type { Medium } from './plan.ts';
import type { Damage } from './strike.ts';
import { phoneOf, type World } from './world.ts';

/** Most messages of broadcasts that one worker process may have in hand: given to a provider and not yet recorded. */
export const IN_HAND = { push: MOST_PUSHES, posts: MOST_POSTS.broadcast, mails: MOST_OTHERS.broadcast } as const;

export interface Run {
  dispatchIds: readonly string[];
  damage: Damage;
  isCancelled: boolean;
}

/** Reads everything that must agree from the database, the server and the providers. */
export async function readBooks(world: World, { dispatchIds, damage, isCancelled }: Run): Promise<Books> {
  const received = await world.simulator.targets();
  for (const [address, times] of await world.mail.books()) received.set(address, times);
  for (const [target, times] of received) if (times === 0) received.delete(target); // refused each time
  return {
    delivery: world.delivery,
    audience: await readAudience(world),
    rows: await readRows(world, dispatchIds),
    received,
    reported: await readReported(world, dispatchIds),
    explained: explainedBy(damage),
    left: await readLeft(world),
    isCancelled,
  };
}

/** A killed worker leaves what it had in hand in doubt. Torn connections do so for each of the two workers. */
function explainedBy({ workers, cuts }: Damage): Allowance[] {
  const times = workers + 2 * cuts;
  return [
    { channels: ['apple_push', 'android_push'], most: times * IN_HAND.push },
    { channels: ['sms', 'whats_app'], most: times * IN_HAND.posts },
    { channels: ['email'], most: times * IN_HAND.mails },
  ];
}

async function readAudience({ db, media }: World): Promise<Entry[]> {
  const people = await db.query<{ person: string; email: string; token: string; app_id: string }>(sql`
    select p.external_id as person, p.email, t.token, t.app_id
      from profiles p
      join push_targets t using (bucket, user_id)`);
  return people.flatMap(({ person, email, token, app_id }) => {
    const number = phoneOf(Number(person.slice(1)));
    const entries: Record<Medium, Entry[]> = {
      push: [
        { channel: 'apple_push', person, target: app_id === appIds.apns ? token : null },
        { channel: 'android_push', person, target: app_id === appIds.fcm ? token : null },
      ],
      email: [{ channel: 'email', person, target: email }],
      sms: [{ channel: 'sms', person, target: `twilio ${number}` }],
      whats_app: [{ channel: 'whats_app', person, target: `whatsapp ${number}` }],
    };
    return media.flatMap((medium) => entries[medium]);
  });
}

async function readRows({ db }: World, dispatchIds: readonly string[]): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = [];
  for (const id of dispatchIds) {
    const { state } = await db.one<{ state: DispatchState }>(sql`select state from dispatches where id = ${id}`);
    const found = await db.query<LedgerRow & Record<string, unknown>>(sql`
      select channel, external_id as person, ${statusNow(state)} as status,
             exists (select 1
                       from send_feedback f
                      where f.bucket = sends.bucket and f.dispatch_id = sends.dispatch_id and f.user_id = sends.user_id
                        and f.channel = sends.channel and f.delivered_at is not null) as "isTold"
        from sends
        join profiles using (bucket, user_id)
       where dispatch_id = ${id}`);
    for (const row of found) rows.push(row);
  }
  return rows;
}

async function readReported({ api }: World, dispatchIds: readonly string[]): Promise<Books['reported']> {
  const reported: Record<string, Record<string, number>> = {};
  for (const id of dispatchIds) {
    const { channels } = await api.ask<{ channels: Record<string, Record<string, number>> }>(
      'GET',
      `/dispatches/${id}`,
    );
    Object.assign(reported, channels);
  }
  return reported;
}

function readLeft({ db }: World): Promise<Books['left']> {
  return db.one<Books['left'] & Record<string, unknown>>(sql`
    select (select count(*) from tasks) as tasks,
           (select count(*) from tasks where leased_until is not null) as leases,
           (select count(*) from dispatches where state in ('accepted', 'sending', 'paused') or open_tasks > 0)
             as "openDispatches"`);
}
