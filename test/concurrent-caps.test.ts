// Frequency caps under load: many dispatches to the same people at once, from several workers.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp } from './support/app.ts';

const DISPATCHES = Number(process.env.CRESSET_TEST_CAPPED_DISPATCHES ?? 40);
const REPETITIONS = Number(process.env.CRESSET_TEST_CAPPED_REPETITIONS ?? 2);
const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const people = Array.from({ length: 10 }, (_, index) => `p${index}`);
const hook = (body: string) => ({ url: 'https://example.com/', request_method: 'POST', body });
const mail = (body: string) => ({ app_id: APP, from: 'a@acme.test', subject: 's', body });

test(`${DISPATCHES} dispatches at once to the same people from four workers exceed no cap and lose no slot`, async (t) => {
  const app = await startTestApp(t);
  await Promise.all([app.startAnotherWorker(), app.startAnotherWorker(), app.startAnotherWorker()]);
  await app.givenWorkspace(`
frequency_caps:
  - { channel: webhook, max_sends: 3, period_count: 1, period_unit: days }
  - { channel: email, max_sends: 2, period_count: 90, period_unit: minutes }
  - { channel: any, max_sends: 4, period_count: 2, period_unit: weeks }
`);
  await app.post('/users/track', {
    attributes: people.map((external_id) => ({ external_id, email: `${external_id}@acme.test` })),
  });
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    await app.db.run(sql`delete from cap_slots`);
    const accepted = await Promise.all(
      Array.from({ length: DISPATCHES }, async (_, index) => {
        // Every seventh gives its places back: it is aborted for everybody.
        const body = index % 7 === 0 ? '{% abort_message %}' : 'b';
        const messages = {
          ...(index % 3 !== 0 && { webhook: hook(body) }),
          ...(index % 3 !== 1 && { email: mail(body) }),
        };
        const reply = await app.post('/messages/send', { external_user_ids: people, messages });
        assert.equal(reply.status, 201, JSON.stringify(reply.body));
        return reply.body.dispatch_id as string;
      }),
    );
    for (let open = 1; open > 0; ) {
      await app.drain();
      ({ open } = await app.db.one<{ open: number }>(sql`select count(*) as open from tasks`));
    }
    const rows = await app.db.query<{ webhook: number; email: number; dispatches: number; slots: number }>(sql`
      select count(*) filter (where s.channel = 'webhook') as webhook, count(*) filter (where s.channel = 'email') as email,
             count(distinct s.dispatch_id) as dispatches,
             (select count(*) from cap_slots c where c.bucket = s.bucket and c.user_id = s.user_id) as slots
        from sends s
       where s.dispatch_id = any(${accepted}::uuid[]) and s.status = 'sent'
       group by s.bucket, s.user_id`);
    assert.equal(rows.length, people.length);
    for (const { webhook, email, dispatches, slots } of rows) {
      assert.ok(
        webhook <= 3 && email <= 2 && dispatches <= 4,
        `${webhook} webhooks, ${email} mails, ${dispatches} dispatches`,
      );
      assert.equal(slots, webhook + email, 'each sent message has its slot, and nothing else has one');
      const isFull = dispatches === 4 || (webhook === 3 && email === 2);
      assert.ok(isFull, `a place stayed empty: ${webhook} webhooks, ${email} mails, ${dispatches} dispatches`);
    }
  }
});
