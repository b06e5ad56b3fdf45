// Campaigns that are mapped to a Canvas id, read as the Canvases that clients believe them to be.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp } from './support/app.ts';

const webhook = { url: 'https://example.test/', request_method: 'POST' };
const workspace = {
  segments: [{ id: '11111111-1111-4111-8111-111111111111', name: 'All', filter: null }],
  campaigns: [
    {
      ...{
        id: 'order',
        name: 'Order',
        kind: 'api_triggered',
        tags: ['shop'],
        canvas: { id: 'journey', name: 'Journey' },
      },
      variations: [{ id: 'hook', name: 'Hook', channel: 'webhook', weight: 100, message: webhook }],
    },
    { id: 'plain', name: 'Plain', kind: 'api_triggered', messages: { webhook } },
    { id: 'old', name: 'Old', kind: 'api_triggered', archived: true, canvas: { id: 'gone', name: 'Gone' } },
    { id: 'api', name: 'API', kind: 'api' },
  ],
};

test('a mapped Canvas is listed, described and counted', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date('2026-03-15T12:00:00Z') });
  await app.givenWorkspace(JSON.stringify(workspace));
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }, { external_id: 'bob' }] });
  const trigger = async (...names: string[]) => {
    const recipients = names.map((external_user_id) => ({ external_user_id }));
    assert.equal((await app.post('/canvas/trigger/send', { canvas_id: 'journey', recipients })).status, 201);
    await app.drain();
  };
  await trigger('ada', 'bob');
  app.clock.advance(86_400_000);
  await trigger('ada');

  const listed = (await app.get('/canvas/list')).body.canvases;
  assert.deepEqual(Object.keys(listed[0]), ['id', 'last_edited', 'name', 'tags']);
  assert.deepEqual(
    listed.map(({ id, name, tags }: Record<string, unknown>) => [id, name, tags]),
    [['journey', 'Journey', ['shop']]],
  );
  const all = (await app.get('/canvas/list?include_archived=true')).body.canvases;
  assert.deepEqual(all.map(({ id }: { id: string }) => id).sort(), ['gone', 'journey']);

  const details = (await app.get('/canvas/details?canvas_id=journey')).body;
  assert.deepEqual(Object.keys(details), [
    ...['created_at', 'updated_at', 'name', 'description', 'archived', 'draft', 'enabled', 'has_post_launch_draft'],
    ...['schedule_type', 'first_entry', 'last_entry', 'channels', 'variants', 'tags', 'teams', 'steps', 'message'],
  ]);
  assert.deepEqual([details.name, details.schedule_type, details.enabled], ['Journey', 'api_trigger', true]);
  assert.deepEqual([details.first_entry, details.last_entry], ['2026-03-15T12:00:00.000Z', '2026-03-16T12:00:00.000Z']);
  assert.deepEqual(details.variants, [
    { name: 'Order', id: 'order', first_step_ids: ['order'], first_step_id: 'order' },
  ]);
  assert.deepEqual(details.steps, [
    {
      ...{ name: 'Order', type: 'message', id: 'order', next_step_ids: [], next_paths: [], channels: ['webhook'] },
      messages: { hook: { channel: 'webhook' } },
    },
  ]);
  const asked = (await app.get('/canvas/details?canvas_id=order&include_has_translatable_content=true')).body;
  assert.deepEqual([asked.name, asked.has_translatable_content], ['Journey', false], 'also by the id of the campaign');

  const none = { revenue: 0, conversions: 0, conversions_by_entry_time: 0 };
  const series = await app.get('/canvas/data_series?canvas_id=journey&length=3');
  assert.deepEqual(series.body, {
    data: {
      name: 'Journey',
      stats: [
        { time: '2026-03-14', total_stats: { ...none, entries: 0 } },
        { time: '2026-03-15', total_stats: { ...none, entries: 2 } },
        { time: '2026-03-16', total_stats: { ...none, entries: 1 } },
      ],
    },
    message: 'success',
  });
  const broken = '&include_variant_breakdown=true&include_step_breakdown=true&include_deleted_step_data=false';
  // `starting_at` wins over `length`.
  const summary = await app.get(`/canvas/data_summary?canvas_id=journey&starting_at=2026-03-15&length=1${broken}`);
  const messages = { webhook: [{ variation_api_id: 'hook', sent: 3, errors: 0 }] };
  assert.deepEqual(summary.body.data, {
    name: 'Journey',
    total_stats: { ...none, entries: 3 },
    variant_stats: { order: { name: 'Order', ...none, entries: 3 } },
    step_stats: { order: { name: 'Order', ...none, messages } },
  });
  const whole = await app.get('/canvas/data_series?canvas_id=plain&starting_at=2026-03-03&ending_at=2026-03-16');
  assert.equal(whole.body.data.stats.length, 14);

  for (const [path, message] of [
    ['/canvas/details', 'canvas_id must be a string of the Canvas api identifier'],
    ['/canvas/details?canvas_id=api', 'canvas_id must be a string of the Canvas api identifier'],
    ['/canvas/data_series?canvas_id=nosuch&length=7', 'canvas_id must be a string of the Canvas api identifier'],
    ['/canvas/data_series?canvas_id=journey', 'Bad Request'],
    ['/canvas/data_series?canvas_id=journey&length=15', 'Bad Request'],
    ['/canvas/data_series?canvas_id=journey&length=0', 'Bad Request'],
    ['/canvas/data_series?canvas_id=journey&starting_at=2026-03-17', 'Bad Request'],
    ['/canvas/data_summary?canvas_id=journey&starting_at=2026-03-01&ending_at=2026-03-16', 'Bad Request'],
  ] as const) {
    const { status, body } = await app.get(path);
    assert.deepEqual([status, body.message], [400, message], path);
  }
});
