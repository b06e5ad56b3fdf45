// What goes wrong with time, consent and identity where each part works by itself: caps by the calendars of people, group
// states under a global opt-out, and what a merged or renamed person is known by.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';
import { goTo } from './support/schedules.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const NEWS = '55555555-5555-4555-8555-555555555555';

const email = { app_id: APP, from: 'a@acme.test', subject: '{{${user_id}}}', body: '<p>b</p>' };
const inNews = { segment_id: '11111111-1111-4111-8111-111111111111', broadcast: true };

async function given(app: TestApp, external_id: string, more: object = {}): Promise<void> {
  const attributes = [{ external_id, email: `${external_id}@example.test`, ...more }];
  const { status, body } = await app.post('/users/track', { attributes });
  assert.deepEqual([status, body.errors], [201, undefined], JSON.stringify(body));
}

/** What became of a mail to one person: `sent`, or the reason against it. */
async function send(app: TestApp, external_id: string, more: object = {}, path = '/messages/send'): Promise<string> {
  const answer = await app.post(path, { external_user_ids: [external_id], messages: { email }, ...more });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  await app.drain();
  const { body } = await app.get(`/dispatches/${answer.body.dispatch_id}/recipients`);
  const [found] = body.recipients;
  return found === undefined ? 'nobody' : (found.reason ?? found.status);
}

const steps: [name: string, run: (app: TestApp) => Promise<void>][] = [
  [
    'a day of 25 hours is one day of a cap',
    async (app) => {
      await given(app, 'santiago', { time_zone: 'America/Santiago' });
      await goTo(app, '2027-04-03T03:30:00Z');
      assert.equal(await send(app, 'santiago'), 'sent');
      await goTo(app, '2027-04-04T03:45:00Z');
      assert.equal(await send(app, 'santiago'), 'frequency_capped', '23:45 of the same 3 April, 24 h 15 min later');
    },
  ],
  [
    'a cap counts calendar days of the person, not 24 hours',
    async (app) => {
      await given(app, 'vienna', { time_zone: 'Europe/Vienna' });
      const rows = [
        ['2027-06-01T21:00:00Z', 'sent'],
        ['2027-06-01T22:00:00Z', 'sent'],
        ['2027-06-02T21:59:00Z', 'frequency_capped'],
        ['2027-06-02T22:00:00Z', 'sent'],
      ] as const;
      for (const [at, expected] of rows) {
        await goTo(app, at);
        assert.equal(await send(app, 'vienna'), expected, at);
      }
    },
  ],
  [
    'an aborted message and exempt ones take nothing of a cap',
    async (app) => {
      await given(app, 'ada');
      const aborting = { messages: { email: { ...email, body: "{% abort_message('x') %}" } } };
      assert.equal(await send(app, 'ada', aborting), 'aborted');
      assert.equal(await send(app, 'ada', { override_frequency_capping: true }), 'sent');
      const schedule = { time: app.clock.now().toISOString() };
      const scheduled = { schedule, override_messaging_limits: true };
      assert.equal(await send(app, 'ada', scheduled, '/messages/schedule/create'), 'sent');
      assert.equal(await send(app, 'ada'), 'sent');
      assert.equal(await send(app, 'ada'), 'frequency_capped');
    },
  ],
  [
    'a global opt-out leaves the states of groups, which apply again after it',
    async (app) => {
      const inGroup = [{ subscription_group_id: NEWS, subscription_state: 'subscribed' }];
      await given(app, 'reader', { subscription_groups: inGroup });
      const state = async () =>
        (await app.get(`/subscription/status/get?subscription_group_id=${NEWS}&external_id=reader`)).body.status;
      const news = () => send(app, 'reader', { ...inNews, external_user_ids: undefined });
      await given(app, 'reader', { email_subscribe: 'unsubscribed' });
      assert.deepEqual(await state(), { reader: 'Subscribed' });
      assert.equal(await news(), 'nobody', 'a filter heeds both');
      assert.equal(await send(app, 'reader'), 'unsubscribed');
      await given(app, 'reader', { email_subscribe: 'subscribed' });
      assert.deepEqual(await state(), { reader: 'Subscribed' });
      assert.equal(await news(), 'sent');
    },
  ],
  [
    'what a merged person received counts for the cap of the kept one, who has the rest as well',
    async (app) => {
      const unsubscribed = [{ subscription_group_id: NEWS, subscription_state: 'unsubscribed' }];
      await given(app, 'merged', { tags: ['x'], subscription_groups: unsubscribed });
      await given(app, 'kept', { email: 'merged@example.test' });
      await app.post('/users/alias/new', {
        user_aliases: [{ external_id: 'merged', alias_label: 'crm', alias_name: '77' }],
      });
      assert.equal(await send(app, 'merged'), 'sent');
      const merge = { identifier_to_merge: { external_id: 'merged' }, identifier_to_keep: { external_id: 'kept' } };
      assert.equal((await app.post('/users/merge', { merge_updates: [merge] })).status, 202);
      assert.equal(await send(app, 'kept'), 'frequency_capped');
      const { body } = await app.post('/users/export/ids', {
        user_aliases: [{ alias_label: 'crm', alias_name: '77' }],
        external_ids: ['merged'],
        fields_to_export: ['external_id', 'custom_attributes'],
      });
      assert.deepEqual(body, {
        users: [{ external_id: 'kept', custom_attributes: { tags: ['x'] } }],
        invalid_user_ids: ['merged'],
        message: 'success',
      });
      const { status } = (await app.get(`/subscription/status/get?subscription_group_id=${NEWS}&external_id=kept`))
        .body;
      assert.deepEqual(status, { kept: 'Unsubscribed' });
    },
  ],
  [
    'an opt-out of an address that nobody has yet binds whoever gets it',
    async (app) => {
      const optOut = { email: 'later@example.test', subscription_state: 'unsubscribed' };
      assert.equal((await app.post('/email/status', optOut)).status, 201);
      await given(app, 'u-8', { email: 'later@example.test' });
      assert.equal(await send(app, 'u-8'), 'unsubscribed');
      assert.equal(await send(app, 'u-8', { recipient_subscription_state: 'all' }), 'sent');
    },
  ],
  [
    'a state of a group that is set for an address is that of everybody with it, by either endpoint',
    async (app) => {
      await given(app, 'u-1', { email: 'f@example.test' });
      await given(app, 'u-2', { email: 'f@example.test' });
      const states = async () => {
        const of = async (name: string) =>
          (await app.get(`/subscription/status/get?subscription_group_id=${NEWS}&external_id=${name}`)).body.status[
            name
          ];
        return [await of('u-1'), await of('u-2')];
      };
      const set = { subscription_group_id: NEWS, subscription_state: 'unsubscribed', email: ['f@example.test'] };
      assert.equal((await app.post('/subscription/status/set', set)).status, 201);
      assert.deepEqual(await states(), ['Unsubscribed', 'Unsubscribed']);
      const again = [{ subscription_group_id: NEWS, subscription_state: 'subscribed' }];
      await given(app, 'u-1', { email: 'f@example.test', subscription_groups: again });
      assert.deepEqual(await states(), ['Subscribed', 'Subscribed']);
      const out = [{ subscription_group_id: NEWS, subscription_state: 'unsubscribed' }];
      await given(app, 'u-1', { email: 'f@example.test', subscription_groups: out });
      assert.deepEqual(await states(), ['Unsubscribed', 'Unsubscribed']);
    },
  ],
  [
    'a merge keeps the opt-out of the merged person',
    async (app) => {
      await given(app, 'merge-a', { email: 'm@example.test', email_subscribe: 'unsubscribed' });
      await given(app, 'merge-b', { email: 'm@example.test' });
      const merge = { identifier_to_merge: { external_id: 'merge-a' }, identifier_to_keep: { external_id: 'merge-b' } };
      assert.equal((await app.post('/users/merge', { merge_updates: [merge] })).status, 202);
      assert.equal(await send(app, 'merge-b'), 'unsubscribed');
    },
  ],
  [
    'a message to a deprecated external id goes to the person, whose id in it is the new one',
    async (app) => {
      await given(app, 'old-1');
      const renames = [{ current_external_id: 'old-1', new_external_id: 'new-1' }];
      assert.equal((await app.post('/users/external_ids/rename', { external_id_renames: renames })).status, 201);
      assert.equal(await send(app, 'old-1'), 'sent');
      const { body } = await app.get('/sandbox/messages?external_id=new-1');
      assert.deepEqual(
        body.messages.map(({ message }: { message: { subject: string } }) => message.subject),
        ['new-1'],
      );
    },
  ],
];

test('caps, consent and identity hold where they meet', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date('2027-04-01T00:00:00Z') });
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
subscription_groups: [{ id: ${NEWS}, name: News, channel: email }]
segments: [{ id: ${inNews.segment_id}, name: Readers, filter: { subscription_group: { subscription_group_id: ${NEWS}, comparison: is, value: subscribed } } }]
frequency_caps: [{ channel: any, max_sends: 1, period_count: 1, period_unit: days }]`);
  for (const [name, run] of steps) await t.test(name, () => run(app));
});
