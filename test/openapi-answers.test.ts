// Answers about sends have no member that the document lacks, in whatever state a dispatch is. Closed schemas find each.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp } from './support/app.ts';
import { type ApiDocument, readDocument } from './support/openapi/document.ts';
import { startWebhookSink } from './support/webhook-sink.ts';

const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const night = { from: '10:00', until: '14:00' };

test('whatever becomes of a dispatch, its answers are as documented', async (t) => {
  let status = 200;
  const sink = await startWebhookSink(t, () => status);
  const webhook = { url: sink.url, request_method: 'POST' };
  const app = await startTestApp(t);
  await app.givenWorkspace(`
webhook: { deliver: true, allow: ["${sink.host}"] }
segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]
campaigns:
  - { id: offer, name: Offer, kind: api_triggered, control_share: 50, variations: [
      { id: a, name: A, channel: webhook, weight: 50, message: { url: "${sink.url}", request_method: POST } }] }`);
  const people = Array.from({ length: 8 }, (_, n) => ({ external_id: `p${n}` }));
  await app.post('/users/track', { attributes: people });
  const document = await readDocument(app);

  const seen = new Set<string>();
  const check = (name: string, reply: Awaited<ReturnType<typeof app.get>>) => {
    for (const member of Object.keys(reply.body)) seen.add(member);
    const verdicts = [reply.body.recipients ?? [], reply.body.messages ?? []].flat();
    for (const verdict of verdicts) for (const member of Object.keys(verdict)) seen.add(`verdict.${member}`);
    assert.deepEqual(
      document.problemsOf(operationOf(document, name), reply),
      [],
      `${name} ${JSON.stringify(reply.body)}`,
    );
  };
  const look = async (id: string) => {
    check('GET /dispatches/{dispatch_id}', await app.get(`/dispatches/${id}`));
    check('GET /dispatches/{dispatch_id}/recipients', await app.get(`/dispatches/${id}/recipients`));
    check('GET /dispatches', await app.get('/dispatches'));
    check('GET /users/{external_id}/messages', await app.get('/users/p0/messages'));
  };
  const send = async (body: object, path = '/messages/send'): Promise<string> => {
    const dryRun = { ...body, cresset: { ...('cresset' in body ? (body.cresset as object) : {}), dry_run: true } };
    check(`POST ${path}`, await app.post(path, dryRun));
    const reply = await app.post(path, body);
    assert.equal(reply.status, 201, JSON.stringify(reply.body));
    check(`POST ${path}`, reply);
    await app.drain();
    await look(reply.body.dispatch_id);
    return reply.body.dispatch_id;
  };
  const named = { external_user_ids: ['p0', 'p1', 'nobody'], messages: { webhook } };
  const broadcast = { broadcast: true, segment_id: EVERYBODY, messages: { webhook } };

  await send(named);
  await send({ ...named, cresset: { quiet_hours: night } });
  await send({ ...broadcast, cresset: { canary: { percent: 50 } } });
  await send({ ...broadcast, cresset: { pace: { per_minute: 1 } } });
  status = 503;
  const failing = await send(named);
  await app.post(`/dispatches/${failing}/pause`, {});
  await look(failing);
  await app.post(`/dispatches/${failing}/cancel`, {});
  await look(failing);
  check(
    'POST /dispatches/{dispatch_id}/replay',
    await app.post(`/dispatches/${failing}/replay`, { statuses: ['cancelled'] }),
  );
  await app.drain();
  await look(failing);
  const recipients = people.map(({ external_id }) => ({ external_user_id: external_id }));
  await send({ campaign_id: 'offer', recipients }, '/campaigns/trigger/send');
  const local = { schedule: { time: '2026-03-15T13:00:00', in_local_time: true }, cresset: { quiet_hours: night } };
  await send({ ...named, ...local }, '/messages/schedule/create');

  const reached = ['held', 'canary', 'waits', 'replays', 'schedule', 'campaign_id', 'expanded_at'];
  const ofVerdicts = ['message_variation_id', 'due_at', 'held_until', 'retried_after', 'next_attempt_at'];
  const missed = [...reached, ...ofVerdicts.map((member) => `verdict.${member}`)].filter((member) => !seen.has(member));
  assert.deepEqual(missed, [], 'the test has looked at each of them');
});

function operationOf({ operations }: ApiDocument, name: string) {
  const found = operations.find((one) => one.name === name);
  assert.ok(found, name);
  return found;
}
