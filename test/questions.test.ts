// Previews, explanations and dry runs have a share of the server: sends and /health go on, and too many are refused.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp } from './support/app.ts';

test('while the database is slow with previews, sends and /health are answered, and what is too much gets 429', async (t) => {
  const app = await startTestApp(t);
  await app.post('/users/track', { attributes: [{ external_id: 'ada', email: 'ada@example.test' }] });
  const audience = { AND: [{ custom_attribute: { custom_attribute_name: 'x', comparison: 'does_not_exist' } }] };
  const webhook = { url: 'https://example.test/', request_method: 'POST' };
  const ask = [
    () => app.post('/audience/preview', { audience, channels: [] }),
    () => app.post('/audience/explain', { audience, external_id: 'ada' }),
    () => app.post('/messages/send', { broadcast: true, audience, messages: { webhook }, cresset: { dry_run: true } }),
  ];
  const answered: number[] = [];
  const { refused, others } = await app.db.transaction(async (tx) => {
    await tx.run(sql`lock table profiles in access exclusive mode`);
    const asked = Array.from({ length: 40 }, async (_, index) => {
      const answer = await ask[index % ask.length]?.();
      answered.push(answer?.status ?? 0);
      return answer;
    });
    while (answered.length < 18) assert.equal((await app.get('/health')).status, 200);
    const { status } = await app.post('/messages/send', { external_user_ids: ['nobody'], messages: { webhook } });
    assert.equal(status, 201);
    return { refused: [...answered], others: asked };
  });
  assert.deepEqual([...new Set(refused)], [429], 'two are answered, twenty wait, the others are refused');
  const answers = await Promise.all(others);
  // The dry runs beyond ten are over the rate of an audience, whichever of the forty come last.
  const refusals = answers.flatMap((answer) => (answer?.status === 429 ? [answer] : []));
  const tooMany = refusals.find(({ body }) => !body.errors[0].startsWith('rate limit broadcast_per_audience'));
  assert.equal(tooMany?.body.message, 'Rate Limited');
  assert.deepEqual(tooMany?.body.errors, ['too many previews, explanations and dry runs wait for their turn']);
  assert.equal(tooMany?.headers.get('retry-after'), '5');
  assert.deepEqual(
    answers.map((answer) => answer?.status).filter((status) => status !== 429),
    Array.from({ length: 22 }, () => 201),
  );
});
