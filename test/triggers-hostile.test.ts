// Bad input to the endpoints that trigger campaigns: never a 5xx, and whatever is accepted ends.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { startTestApp } from './support/app.ts';
import { mutate, mutation } from './support/mutations.ts';
import { goTo } from './support/schedules.ts';

const BODIES = 600;

const person = {
  trigger_properties: { a: { b: [1, 'x'] } },
  send_to_existing_only: 'false',
  attributes: { first_name: 'Io', email: 'io@example.test', tags: { add: ['a'] } },
};
const valid: [path: string, body: object][] = [
  [
    '/campaigns/trigger/send',
    {
      campaign_id: 'order',
      trigger_properties: { a: 1 },
      audience: { custom_attribute: { custom_attribute_name: 'x', comparison: 'exists' } },
      recipients: [
        { external_user_id: 'ada', ...person },
        { user_alias: { alias_name: 'a', alias_label: 'b' }, trigger_properties: '' },
        { email: 'io@example.test', prioritization: ['identified', 'most_recently_updated'], ...person },
        { braze_id: '0123456789abcdef01234567' },
      ],
      cresset: { delivery: 'at_most_once' },
    },
  ],
  ['/campaigns/trigger/send', { campaign_id: 'order', broadcast: true, trigger_properties: { a: 1 } }],
  [
    '/canvas/trigger/send',
    {
      canvas_id: 'orders',
      context: { a: 1 },
      canvas_entry_properties: { b: 1 },
      recipients: [{ external_user_id: 1 }],
    },
  ],
  [
    '/campaigns/trigger/schedule/create',
    {
      campaign_id: 'order',
      trigger_properties: { a: 1 },
      recipients: [{ external_user_id: 'ada', ...person }],
      schedule: { time: '2026-03-15T13:00:00', in_local_time: 'true' },
    },
  ],
  [
    '/canvas/trigger/schedule/create',
    { canvas_id: 'orders', broadcast: true, schedule: { time: '2026-03-15T12:30:00Z' } },
  ],
  [
    '/transactional/v1/campaigns/receipt/send',
    { external_send_id: 'a=', trigger_properties: {}, recipient: [{ external_user_id: 'ada', attributes: { x: 1 } }] },
  ],
];

test(`${BODIES} mutated triggers give no 5xx, and those that are accepted finish`, async (t) => {
  const app = await startTestApp(t);
  const text = '{{api_trigger_properties.${a.b[0]}}} {{context.${a} | json_parse}} {{canvas.${name}}}';
  const messages = { webhook: { url: 'https://example.test/', request_method: 'POST', body: text } };
  await app.givenWorkspace(
    JSON.stringify({
      segments: [{ id: '11111111-1111-4111-8111-111111111111', name: 'All', filter: null }],
      campaigns: [
        {
          ...{ id: 'order', name: 'Order', kind: 'api_triggered', messages },
          canvas: { id: 'orders', name: 'Orders' },
        },
        { id: 'receipt', name: 'Receipt', kind: 'transactional', messages },
      ].map((one) => (one.id === 'order' ? { ...one, segment_id: '11111111-1111-4111-8111-111111111111' } : one)),
      rate_limits: Object.fromEntries(
        ['send_broadcast:/campaigns/trigger/send', 'send_broadcast:/canvas/trigger/schedule/create']
          .concat('broadcast_per_audience')
          .map((bucket) => [bucket, 1_000_000]),
      ),
    }),
  );
  const statuses: Record<number, number> = {};
  const accepted: string[] = [];
  const bodies = fc.sample(fc.tuple(fc.nat(valid.length - 1), fc.array(mutation, { maxLength: 3 })), {
    numRuns: BODIES,
    seed: 20261130,
  });
  let next = 0;
  async function client(): Promise<void> {
    for (let pair = bodies[next++]; pair !== undefined; pair = bodies[next++]) {
      const [path, base] = valid[pair[0]] ?? ['', {}];
      const body = JSON.stringify(mutate(structuredClone(base), pair[1]));
      const answer = await app.post(path, body);
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      assert.ok(answer.status < 500, `${answer.status} ${JSON.stringify(answer.body)} for ${body.slice(0, 2_000)}`);
      if (answer.status === 201) accepted.push(answer.body.dispatch_id);
    }
  }
  await Promise.all(Array.from({ length: 8 }, client));
  t.diagnostic(`answers: ${JSON.stringify(statuses)}`);
  assert.ok((statuses[201] ?? 0) > BODIES / 10 && (statuses[400] ?? 0) > BODIES / 10, 'both are well represented');
  await goTo(app, '2026-03-18T00:00:00Z');
  for (const id of new Set(accepted)) {
    const { body } = await app.get(`/dispatches/${id}`);
    assert.equal(body.state, 'finished', JSON.stringify(body));
  }
});
