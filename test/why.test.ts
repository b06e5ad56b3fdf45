// `cresset why`: what became of every message to a person, from whatever id or address is at hand.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp } from './support/app.ts';
import { commandLine } from './support/command-line.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const webhook = { url: 'https://acme.test/hook', request_method: 'POST' };
const email = { app_id: APP, from: 'a@acme.test', subject: 's', body: '<p>b</p>' };

async function startWorld(t: Parameters<typeof startTestApp>[0]) {
  const app = await startTestApp(t, { startsAt: new Date(Date.now() - 3_600_000) });
  await app.givenWorkspace(
    'campaigns: [{ id: offers, name: Spring offers, kind: api, variations: [{ id: hook, name: H, channel: webhook }] }]',
  );
  const attributes = [
    { external_id: 'ada', email: 'Ada@acme.test', phone: '+436641234567' },
    { external_id: 'eve', email: 'ada@acme.test' },
    { external_id: 'bob' },
  ];
  assert.equal((await app.post('/users/track', { attributes })).status, 201);
  const send = async (body: object): Promise<string> => {
    const reply = await app.post('/messages/send', body);
    assert.equal(reply.status, 201, JSON.stringify(reply.body));
    await app.drain();
    return reply.body.dispatch_id;
  };
  const run = commandLine({ DATABASE_URL: app.databaseUrl, CRESSET_SECRET: app.secret });
  return { app, send, run };
}

test('each message of a person is told newest first, with time, channel, campaign, status, reason in words, dispatch', async (t) => {
  const { app, send, run } = await startWorld(t);
  const campaign = { campaign_id: 'offers', messages: { webhook: { ...webhook, message_variation_id: 'hook' } } };
  const first = await send({ external_user_ids: ['ada'], ...campaign });
  const at = app.clock.now().toISOString().slice(0, 19);
  app.clock.advance(1_800_000);
  const second = await send({ external_user_ids: ['bob', 'ada'], messages: { email } });
  const { code, out, database } = await run('why', '+436641234567');
  assert.equal(code, 0, out);
  assert.match(database ?? '', /^Database: /);
  const later = app.clock.now().toISOString().slice(0, 19);
  assert.equal(
    out,
    `ada (found by phone number)

${later}Z  email         sent       dispatch ${second}
  to Ada@acme.test

${at}Z  webhook       sent       campaign Spring offers  dispatch ${first}`,
  );
  const bob = await run('why', 'bob');
  assert.match(
    bob.out,
    /email {9}skipped {4}dispatch \w{32}\n {2}there is no address or device for this channel: no email address is stored \(no_address\)$/,
  );
  const since = await run('why', 'ada', '--since', '45m');
  assert.deepEqual(
    [...since.out.matchAll(/dispatch (\w+)/g)].map(([, id]) => id),
    [second],
  );
  await app.givenWorkspace('time_zone: Pacific/Kiritimati'); // fourteen hours ahead
  const byTheirClock = new Date(Date.now() + (14 * 60 - 45) * 60_000).toISOString().slice(0, 16);
  const local = await run('why', 'ada', '--since', byTheirClock);
  assert.deepEqual(
    [...local.out.matchAll(/dispatch (\w+)/g)].map(([, id]) => id),
    [second],
    'a time without a zone is by the clock of the workspace',
  );
  const days = await run('why', 'ada', '--since', 'yesterday');
  assert.equal(days.out.match(/dispatch/g)?.length, 2);
  const limited = await run('why', 'ada', '--limit', '1');
  assert.match(limited.out, /There are older ones: --limit lists more\.$/);
  const none = await run('why', 'ada', '--since', '1m');
  assert.deepEqual([none.code, none.out.split('\n').at(-1)], [0, 'No message was accepted for them in that time.']);
});

test('an address of several people tells of all of them, whose each message is; a nobody ends with 1', async (t) => {
  const { send, run } = await startWorld(t);
  await send({ external_user_ids: ['ada', 'eve'], messages: { webhook } });
  const { code, out } = await run('why', 'ADA@acme.test', '--json');
  assert.equal(code, 0);
  const { people, messages, has_more: hasMore } = JSON.parse(out);
  const found = people.map((one: Record<string, string>) => `${one.external_id} ${one.found_by}`).sort();
  assert.deepEqual(found, ['ada email address', 'eve email address']);
  assert.deepEqual(messages.map((one: { external_id: string }) => one.external_id).sort(), ['ada', 'eve']);
  assert.deepEqual([messages[0].channel, messages[0].status, hasMore], ['webhook', 'sent', false]);
  const byId = await run('why', people[0].braze_id);
  assert.match(byId.out, /^\w+ \(found by braze id\)\n/);
  const text = await run('why', 'ada@acme.test');
  assert.match(text.out, /webhook {7}sent {7}ada {2}dispatch/, 'of several people, each line says whose it is');
  const nobody = await run('why', 'nobody@acme.test');
  assert.deepEqual(
    [nobody.code, nobody.out],
    [
      1,
      'Nobody has the id or address nobody@acme.test now. If it was changed since, ask for the new one, or for the id.',
    ],
  );
  const json = await run('why', 'nobody', '--json');
  assert.deepEqual([json.code, JSON.parse(json.out)], [1, { people: [], messages: [] }]);
  assert.equal((await run('why')).code, 2);
  assert.equal((await run('why', 'ada', '--since', 'soon')).code, 2);
  assert.equal((await run('why', 'ada', '--limit', '0')).code, 2);
  assert.equal((await run('why', 'a'.repeat(1_000))).code, 2);
});

test('with another secret than that of the servers it says what it can: ids in place of names of campaigns', async (t) => {
  const { app, send } = await startWorld(t);
  const campaign = { campaign_id: 'offers', messages: { webhook: { ...webhook, message_variation_id: 'hook' } } };
  await send({ external_user_ids: ['ada'], ...campaign });
  const other = commandLine({
    DATABASE_URL: app.databaseUrl,
    CRESSET_SECRET: 'another secret than that of the servers',
  });
  const { code, out } = await other('why', 'ada');
  assert.equal(code, 0, out);
  assert.match(out, /campaign offers {2}dispatch/);
});
