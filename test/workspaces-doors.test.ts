// What comes without a key lands in the workspace that it is about, though the neighbour has the same people and addresses.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';
import { workspace as cardsWorkspace, FEED, fetchFeed, IOS, sendCard, tokenOf } from './support/content-cards.ts';
import { postmark, settings } from './support/mail-events.ts';
import { contentsOf, givenNeighbour } from './support/tenants.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36';
const email = {
  app_id: APP,
  subject: 'Hi',
  body: '<p><a href="https://shop.example.com/sale">Sale</a> <a href="{{${set_user_to_unsubscribed_url}}}">Stop</a></p>',
};

const MAIL = 'email: { default_from: hello@acme.test }\ntracking: { opens: true, clicks: true }';

interface Both {
  own: TestApp;
  neighbour: TestApp;
}

/** Two workspaces with the person ada, who has the same address in both. */
async function startBoth(
  t: TestContext,
  definitions: readonly [own: string, theirs: string] = [MAIL, MAIL],
): Promise<Both> {
  const own = await startTestApp(t);
  const neighbour = await givenNeighbour(own, 'neighbour');
  for (const [at, app] of [own, neighbour].entries()) {
    await app.givenWorkspace(definitions[at] ?? '');
    await app.post('/users/track', { attributes: [{ external_id: 'ada', email: 'ada@example.test' }] });
  }
  return { own, neighbour };
}

/** Sends ada a mail, and returns what of it is in the sandbox. */
async function mailTo(app: TestApp): Promise<string> {
  const sent = await app.post('/messages/send', { external_user_ids: ['ada'], messages: { email } });
  assert.equal(sent.status, 201, JSON.stringify(sent.body));
  await app.drain();
  return JSON.stringify((await app.get(`/sandbox/messages?dispatch_id=${sent.body.dispatch_id}`)).body);
}

async function emailStateOf(app: TestApp): Promise<string> {
  const { body } = await app.post('/users/export/ids', {
    external_ids: ['ada'],
    fields_to_export: ['email_subscribe'],
  });
  return body.users[0].email_subscribe;
}

const settle = async ({ own }: Both) => {
  await own.app.intake.idle();
  await own.drain();
  own.clock.advance(5_000);
  await own.drain();
};

test('an unsubscribe link counts in the workspace whose mail it was in', async (t) => {
  const { own, neighbour } = await startBoth(t);
  await mailTo(own);
  const [, path = ''] = /http:\/\/cresset\.test(\/s\/[\w.-]+)/.exec(await mailTo(neighbour)) ?? [];
  const before = await contentsOf(own.db, own.workspaceId);
  assert.equal((await fetch(own.url + path, { method: 'POST' })).status, 200);
  assert.deepEqual(await contentsOf(own.db, own.workspaceId), before);
  assert.deepEqual([await emailStateOf(own), await emailStateOf(neighbour)], ['subscribed', 'unsubscribed']);
});

test('a tracked link and a pixel count in the workspace whose mail they were in', async (t) => {
  const both = await startBoth(t);
  const { own, neighbour } = both;
  await mailTo(own);
  const text = await mailTo(neighbour);
  await settle(both);
  const before = await contentsOf(own.db, own.workspaceId);
  const paths = [/http:\/\/cresset\.test(\/l\/[\w./-]+)/, /http:\/\/cresset\.test(\/o\/[\w.-]+)/].map(
    (pattern) => pattern.exec(text)?.[1] ?? assert.fail(`${pattern} in ${text}`),
  );
  own.clock.advance(60_000);
  for (const path of paths)
    assert.ok((await fetch(own.url + path, { redirect: 'manual', headers: { 'user-agent': CHROME } })).status < 400);
  await settle(both);
  assert.deepEqual(await contentsOf(own.db, own.workspaceId), before);
  const of = async (app: TestApp) => (await app.get('/message_events')).body.events.length;
  assert.equal(await of(own), 0);
  assert.ok((await of(neighbour)) >= 2);
});

test('a preference center shows and changes the person of its own workspace', async (t) => {
  const { own, neighbour } = await startBoth(t);
  const html = {
    preference_center_page_html:
      '<form action="{{preference_center_submit_url}}" method="post">{{${email_address}}}<input type="hidden" name="{% form_field_name :email_global_state %}" value="unsubscribed"></form>',
    confirmation_page_html: '<p>Done</p>',
  };
  const ids = [];
  for (const app of [own, neighbour]) {
    const { status, body } = await app.post('/preference_center/v1', { name: 'Choices', ...html });
    assert.equal(status, 201, JSON.stringify(body));
    ids.push(body.preference_center_api_id);
  }
  assert.equal((await own.get(`/preference_center/v1/${ids[1]}/url/ada`)).status, 404);
  const { body } = await neighbour.get(`/preference_center/v1/${ids[1]}/url/ada`);
  const url = own.url + new URL(body.preference_center_url).pathname;
  const posted = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ email_global_state: 'unsubscribed' }),
  });
  assert.equal(posted.status, 200);
  assert.deepEqual([await emailStateOf(own), await emailStateOf(neighbour)], ['subscribed', 'unsubscribed']);
});

test('a mail service tells only of the workspace whose secret it has, whatever it says of the message', async (t) => {
  const other = { postmark: { ...settings.postmark, password: 'another-long-password' } };
  const file = (events: object) => JSON.stringify({ email: { default_from: 'hello@acme.test', events } });
  const both = await startBoth(t, [file(settings), file(other)]);
  const { own, neighbour } = both;
  const { headers, body } = postmark({
    ...{ RecordType: 'SpamComplaint', ID: 1, BouncedAt: own.clock.now().toISOString() },
    ...{ MessageID: 'm-1', Email: 'ada@example.test' },
  });
  const tell = async (app: TestApp) =>
    (await own.post(`/callbacks/email/postmark/${app.workspaceId}`, body, { key: null, headers })).status;
  assert.equal(await tell(neighbour), 401);
  assert.equal(await tell(own), 200);
  await settle(both);
  assert.deepEqual([await emailStateOf(own), await emailStateOf(neighbour)], ['unsubscribed', 'subscribed']);
});

test('a token of a user opens the cards of its own app, and reports nothing of those of the neighbour', async (t) => {
  const ours = cardsWorkspace();
  const theirs = ours
    .replaceAll('7c9a52', '7c9a5f')
    .replace('11111111-', '21111111-')
    .replace('id: spring', 'id: spring-2');
  const { own, neighbour } = await startBoth(t, [ours, theirs]);
  const [ownCard, theirCard] = [await sendCard(own, 'ada', { title: 'Ours' }), await sendCard(neighbour, 'ada')];
  const feed = await fetchFeed(own, 'ada');
  assert.deepEqual(
    feed.body.cards.map(({ title }: { title: string }) => title),
    ['Ours'],
  );
  const before = await contentsOf(own.db, neighbour.workspaceId);
  const headers = { authorization: `Bearer ${tokenOf(own, 'ada')}`, 'x-app-id': IOS };
  const seen = [ownCard, theirCard].map((card_id, at) => ({ id: `e${at}`, card_id, type: 'click' }));
  const { body } = await own.post(`${FEED}/events`, { events: seen }, { key: null, headers });
  assert.deepEqual(body, { taken: 1, repeated: 0, unknown: 1, message: 'success' });
  await own.drain();
  assert.deepEqual(await contentsOf(own.db, neighbour.workspaceId), before);
});
