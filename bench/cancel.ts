import { sql } from '../src/db/sql.ts';
import { type AudienceWorld, attribute, email, startAudienceWorld, until } from './audience-world.ts';
import type { Figure } from './figure.ts';

const PEOPLE = 1_000_000;
const AUDIENCE = PEOPLE / 10;
const CANCEL_AFTER = 10_000;

interface Description {
  state: string;
  expanded_at: string | null;
  counts: { targeted: number };
  channels: { email: Record<string, number> };
}

/** Cancels a broadcast to 100,000 of a million people after about 10,000 mails, then replays it to the end. */
export async function benchCancel(): Promise<Figure[]> {
  const world = await startAudienceWorld();
  try {
    await world.fill(PEOPLE);
    await world.mails('reset');
    const { dispatch_id } = await world.server.post('/messages/send', {
      broadcast: true,
      audience: attribute('tenth', true),
      messages: { email },
    });
    await until(async () => (await world.mails('count')).total >= CANCEL_AFTER);
    await world.server.post(`/dispatches/${dispatch_id}/cancel`, {});
    const cancelledAt = performance.timeOrigin + performance.now();
    await untilAtRest(world, dispatch_id);
    const stopped = await world.mails('count');
    const slowest = await slowestAnswer(world, dispatch_id); // the first one counts the sends
    const cancelled = await describe(world, dispatch_id);
    await world.server.post(`/dispatches/${dispatch_id}/replay`, {});
    await until(async () => (await describe(world, dispatch_id)).state === 'finished');
    const end = await world.mails('count');
    const finished = await describe(world, dispatch_id);
    const late = (stopped.lastAt ?? Number.NaN) - cancelledAt;
    const { sent = 0, cancelled: rest = 0 } = cancelled.channels.email;
    return [
      {
        what: `cancelled after ${stopped.total.toLocaleString('en-US')} of 100,000: last mail after the answer`,
        value: `${Math.max(0, late).toFixed(0)} ms`,
        bar: '1,000 ms',
        holds: late <= 1_000,
      },
      {
        what: 'the same: sent and cancelled, of the audience',
        value: `${sent} + ${rest} of ${cancelled.counts.targeted}`,
        bar: `${AUDIENCE}`,
        holds: sent === stopped.total && sent + rest === AUDIENCE && cancelled.counts.targeted === AUDIENCE,
      },
      {
        what: 'the same, replayed to the end: people reached, reached twice',
        value: `${end.people}, ${end.twice} (${finished.channels.email.sent} sent)`,
        bar: `${AUDIENCE}, 0`,
        holds:
          end.people === AUDIENCE &&
          end.twice === 0 &&
          end.total === AUDIENCE &&
          finished.channels.email.sent === AUDIENCE,
      },
      {
        what: '`GET /dispatches/{id}` of it, the slowest of ten',
        value: `${slowest.toFixed(0)} ms`,
        bar: '150 ms',
        holds: slowest <= 150,
      },
    ];
  } finally {
    await world.stop();
  }
}

function describe({ server }: AudienceWorld, id: string): Promise<Description> {
  return server.get<Description>(`/dispatches/${id}`);
}

async function untilAtRest({ db }: AudienceWorld, id: string): Promise<void> {
  await until(async () => {
    const { open_tasks } = await db.one<{ open_tasks: number }>(
      sql`select open_tasks from dispatches where id = ${id}`,
    );
    return open_tasks === 0;
  });
}

async function slowestAnswer(world: AudienceWorld, id: string): Promise<number> {
  let slowest = 0;
  for (let asked = 0; asked < 10; asked += 1) {
    const start = performance.now();
    await describe(world, id);
    slowest = Math.max(slowest, performance.now() - start);
  }
  return slowest;
}
