import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp } from './support/app.ts';
import { startNine, nineChannels } from './support/nine/world.ts';

test('explore', async (t) => {
  const app = await startTestApp(t);
  const nine = await startNine(app, { people: Number(process.env.CRESSET_BOOKS_PEOPLE ?? 200), seed: 1 });
  console.log('people', new Date());
  const id = await nine.sendToAll((process.env.MODE ?? 'at_most_once') as 'at_most_once');
  console.log('sent', new Date(), app.clock.now());
  const rows = await app.db.query<any>(sql`select channel, external_id as person, status, reason, attempts from sends join profiles using (bucket, user_id) where dispatch_id = ${id}`);
  for (const channel of nineChannels) {
    if (channel === 'content_card') continue;
    const answers = nine.providers.answersTo(channel);
    const table = new Map<string, number>();
    for (const row of rows.filter((r) => r.channel === channel)) {
      const h = answers.get(nine.targetOf(channel, row.person)) ?? [];
      const key = row.attempts === h.length ? `${row.status} ${row.reason} ${h.at(-1)}` : `${row.status} a${row.attempts} ${h}`;
      table.set(key, (table.get(key) ?? 0) + 1);
    }
    console.log(channel, [...table].sort());
  }
  await nine.providers.twilio.idle(); await nine.providers.meta.idle();
  console.log('relay', nine.providers.relay.count());
  await nine.providers.relay.deliver();
  await app.drain();
  console.log(nine.providers.relay.answers(), new Date());
  console.log(await app.db.query(sql`select channel, kind, outcome, count(*) from feedback_events group by 1,2,3 order by 1,2,3`));
});
