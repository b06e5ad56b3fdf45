// Short links in texts: made before the text is counted, followed by people and machines, gone after a year.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import pino from 'pino';
import { keepHouse } from '../src/dispatch/upkeep/housekeeping.ts';
import { startTestApp, type TestApp } from './support/app.ts';

const TEXTS = '55555555-5555-4555-8555-555555555555';
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1';
const DAY_MS = 86_400_000;
const LONG = `https://www.example.com/${'p'.repeat(200)}`;

interface World {
  app: TestApp;
  send(body: string, message?: object, who?: string): Promise<{ body: string; segments: object } | string>;
  visit(path: string, options?: { agent?: string; method?: string }): Promise<Response>;
  clicks(): Promise<unknown[]>;
}

async function start(t: TestContext): Promise<World> {
  const app = await startTestApp(t);
  const subscription_groups = [{ id: TEXTS, name: 'Texts', channel: 'sms' }];
  const campaigns = [
    { id: 'spring', name: 'Spring', kind: 'api', variations: [{ id: 't', name: 'Text', channel: 'sms' }] },
  ];
  const tracking = { short_url: 'https://go.example.com' };
  await app.givenWorkspace(JSON.stringify({ tracking, subscription_groups, campaigns }));
  const person = (external_id: string, phone: string) => ({
    ...{ external_id, phone, custom_attributes: {} },
    subscription_groups: [{ subscription_group_id: TEXTS, subscription_state: 'subscribed' }],
  });
  await app.post('/users/track', { attributes: [person('ada', '+13125550101'), person('bob', '+13125550102')] });
  return {
    app,
    async send(body, message = {}, who = 'ada') {
      const sms = {
        app_id: 'x',
        subscription_group_id: TEXTS,
        body,
        link_shortening_enabled: true,
        message_variation_id: 't',
        ...message,
      };
      const { body: answer } = await app.post('/messages/send', {
        campaign_id: 'spring',
        external_user_ids: [who],
        messages: { sms },
      });
      assert.equal(answer.message, 'success', JSON.stringify(answer));
      await app.drain();
      const { body: listed } = await app.get(`/dispatches/${answer.dispatch_id}/recipients`);
      const [{ status, reason }] = listed.recipients;
      if (status !== 'sent') return `${status} ${reason}`;
      const { body: kept } = await app.get(`/sandbox/messages?external_id=${who}`);
      return kept.messages.find(({ dispatch_id }: { dispatch_id: string }) => dispatch_id === answer.dispatch_id)
        .message;
    },
    visit: (path, { agent = IPHONE, method = 'GET' } = {}) =>
      fetch(app.url + path, { method, headers: { 'user-agent': agent }, redirect: 'manual' }),
    async clicks() {
      await app.app.intake.idle();
      await app.drain();
      app.clock.advance(5_000);
      await app.drain();
      const { body } = await app.get('/campaigns/data_series?campaign_id=spring&length=1');
      const { body: feed } = await app.get('/message_events?kind=clicked');
      const who = feed.events.map((event: { external_id: string; bot: string }) => `${event.external_id} ${event.bot}`);
      return [body.data[0].messages.sms[0].clicks, ...who];
    },
  };
}

test('segments are counted on the short link, which is the domain and ten letters or digits', async (t) => {
  const { send } = await start(t);
  // Traps of messages, row 51.
  const sent = await send(`${'a'.repeat(126)} ${LONG}`);
  assert.ok(typeof sent === 'object', String(sent));
  assert.match(sent.body, /^a{126} https:\/\/go\.example\.com\/[A-Za-z0-9]{10}$/);
  assert.equal(sent.body.length, 160);
  assert.deepEqual(sent.segments, { encoding: 'GSM-7', count: 1 });
  const long = await send(`${'a'.repeat(126)} ${LONG}`, { link_shortening_enabled: false });
  assert.ok(typeof long === 'object', String(long));
  assert.deepEqual(long.segments, { encoding: 'GSM-7', count: 3 });
  const bare = await send('see example.com/x');
  assert.ok(typeof bare === 'object', String(bare));
  assert.equal(bare.body, 'see example.com/x');
  assert.equal(await send(`https://a.test/${'x'.repeat(4_100)}`), 'aborted payload_too_large');
});

test('each person has links of their own; clicks of people count, those of machines are noted', async (t) => {
  const { app, send, visit, clicks } = await start(t);
  const pathIn = (sent: Awaited<ReturnType<World['send']>>) =>
    /https:\/\/go\.example\.com(\/\w{10})/.exec(typeof sent === 'object' ? sent.body : sent)?.[1] ??
    assert.fail(JSON.stringify(sent));
  const ada = pathIn(await send(`Hi ${LONG}`));
  const bob = pathIn(await send(`Hi ${LONG}`, {}, 'bob'));
  assert.notEqual(ada, bob);
  app.clock.advance(60_000);
  const answer = await visit(ada);
  assert.deepEqual([answer.status, answer.headers.get('location')], [302, LONG]);
  assert.match(answer.headers.get('cache-control') ?? '', /no-store/);
  assert.deepEqual([(await visit(ada, { method: 'HEAD' })).status, await clicks()], [302, [1, 'ada none']]);
  await visit(bob, { agent: 'WhatsApp/2.0 LinkPreview' });
  assert.deepEqual(await clicks(), [1, 'ada none', 'bob scanner']);
  assert.equal((await visit('/0000000000')).status, 404);
  app.clock.wakeAfter(367 * DAY_MS);
  await keepHouse({ db: app.db, clock: app.clock, log: pino({ level: 'silent' }), retentionDays: 0 });
  assert.equal((await visit(ada)).status, 404);
});
