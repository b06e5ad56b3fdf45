// One dispatch over all nine channels with faults of every kind. All that comes back comes out of order and twice. Then the
// books of the providers, the ledger and the statistics agree. CRESSET_BOOKS_PEOPLE=11112 makes 100,008 sends of it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp } from './support/app.ts';
import { assertAgree, compareBooks, summary, verdictsOf } from './support/nine/books.ts';
import { faultsOf, type ProviderChannel } from './support/nine/providers.ts';
import { tellCards, tellMails } from './support/nine/tell.ts';
import { type Nine, nineChannels, startNine } from './support/nine/world.ts';

const PEOPLE = Number(process.env.CRESSET_BOOKS_PEOPLE ?? 300);

/** Changes the books in three places. Returns the number of problems that follow. */
async function tampered({ app: { db } }: Nine, id: string): Promise<number> {
  const one = (channel: string) => sql`
    (bucket, user_id) in (select bucket, user_id from sends
                           where dispatch_id = ${id} and channel = ${channel} and status = 'sent' order by 1, 2 limit 1)`;
  await db.run(sql`update sends set attempts = attempts + 1 where channel = 'kindle_push' and ${one('kindle_push')}`);
  await db.run(
    sql`update send_feedback set replied_at = null, read_at = '2026-03-15' where channel = 'sms' and ${one('sms')}`,
  );
  await db.run(sql`update feedback_days set total = total + 1 where channel = 'content_card' and metric = 'shows'`);
  return 3;
}

for (const delivery of ['at_least_once', 'at_most_once'] as const) {
  test(`${delivery}: nine channels with 2 % of each fault, and everything that comes back shuffled and doubled`, async (t) => {
    const app = await startTestApp(t);
    const nine = await startNine(app, { people: PEOPLE, seed: 1, faultPercent: 2, atOnce: 0.25 });
    const { providers } = nine;
    const since = performance.now();
    const after = (what: string) => t.diagnostic(`${what} after ${((performance.now() - since) / 1_000).toFixed(1)} s`);
    const id = await nine.sendToAll(delivery);
    after('sent');
    const cards = (await verdictsOf(nine, id)).filter(
      ({ channel, status }) => channel === 'content_card' && status === 'sent',
    );
    await tellMails(nine);
    await tellCards(
      nine,
      id,
      cards.map(({ external_id: person }) => person),
    );
    await providers.twilio.idle();
    await providers.meta.idle();
    await providers.relay.deliver();
    after(`${providers.relay.count()} callbacks delivered`);
    // What came before its verdict was written waits for it.
    for (let turns = 0; turns < 5; turns += 1) {
      await app.drain();
      app.clock.advance(15_000);
    }
    await app.drain();
    after('applied');
    const verdicts = await verdictsOf(nine, id);
    for (const line of summary(verdicts)) t.diagnostic(line);
    assert.equal(verdicts.length, PEOPLE * nineChannels.length);
    assert.deepEqual([...providers.relay.answers().keys()], [200], 'every callback was taken at once');
    assertAgree(await compareBooks(nine, id, delivery, verdicts));
    const lied = await tampered(nine, id);
    assert.equal(
      (await compareBooks(nine, id, delivery, await verdictsOf(nine, id))).length,
      lied,
      'the check notices',
    );
    for (const channel of Object.keys(faultsOf) as ProviderChannel[]) {
      const seen = new Set([...providers.answersTo(channel).values()].flat());
      for (const fault of faultsOf[channel]) assert.ok(seen.has(fault), `${channel}: ${fault} never happened`);
    }
  });
}
