// The endpoints that read and change the states and flags of addresses, seen from outside.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';
import { smtpReply, startMailServer } from './support/mail-server.ts';

const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const TEXTS = '55555555-5555-4555-8555-555555555555';
const CHATS = '66666666-6666-4666-8666-666666666666';
const DAY_MS = 86_400_000;
/** Twilio's number that is never valid. The sandbox refuses it. */
const INVALID = '+15005550001';
const done = { message: 'success' };

async function start(t: TestContext, workspace = ''): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(`
apps: [{ id: ${APP}, name: iOS, platform: ios }]
subscription_groups:
  - { id: ${TEXTS}, name: Texts, channel: sms }
  - { id: ${CHATS}, name: Chats, channel: whatsapp }
${workspace}`);
  return app;
}

async function track(app: TestApp, external_id: string, attributes: object): Promise<void> {
  const { status, body } = await app.post('/users/track', { attributes: [{ external_id, ...attributes }] });
  assert.deepEqual([status, body.errors], [201, undefined], JSON.stringify(body));
}

async function post(app: TestApp, path: string, body: object): Promise<void> {
  const answer = await app.post(path, body);
  assert.deepEqual([answer.status, answer.body], [201, done], JSON.stringify(answer.body));
}

const email = { app_id: APP, from: 'a@acme.test', subject: 's', body: '<p>b</p>' };
const sms = { app_id: APP, subscription_group_id: TEXTS, body: 'b' };
const whats_app = {
  app_id: APP,
  subscription_group_id: CHATS,
  message_type: 'text_response_message',
  message: { body: 'b' },
};

/** Sends to one person. Returns `sent` or the reason against it, for each channel. */
async function send(app: TestApp, who: string, messages: object, state?: string): Promise<Record<string, string>> {
  const { status, body } = await app.post('/messages/send', {
    ...{ external_user_ids: [who], messages },
    ...(state && { recipient_subscription_state: state }),
  });
  assert.equal(status, 201, JSON.stringify(body));
  await app.drain();
  const { body: verdicts } = await app.get(`/dispatches/${body.dispatch_id}/recipients`);
  return Object.fromEntries(
    verdicts.recipients.map(({ channel, status: is, reason }: Record<string, string>) => [channel, reason ?? is]),
  );
}

async function stateOf(app: TestApp, external_id: string): Promise<string> {
  const { status, body } = await app.post('/users/export/ids', { external_ids: [external_id] });
  assert.equal(status, 201, JSON.stringify(body));
  return body.users[0].email_subscribe;
}

const period = (app: TestApp) => {
  const nowMs = app.clock.now().getTime();
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return `start_date=${day(nowMs - DAY_MS)}&end_date=${day(nowMs + DAY_MS)}`;
};

test('a blocked address gets no mail with any setting, until bounce and unsubscribe are taken back', async (t) => {
  const app = await start(t);
  await track(app, 'ada', { email: 'Ada@acme.test' });
  await track(app, 'ben', { email: 'ada@acme.test', email_subscribe: 'opted_in' });
  await post(app, '/email/blocklist', { email: ['ADA@acme.test', 'nobody@acme.test'] });
  for (const who of ['ada', 'ben']) {
    assert.equal(await stateOf(app, who), 'unsubscribed');
    assert.deepEqual(await send(app, who, { email }, 'all'), { email: 'hard_bounced' });
  }
  const at = app.clock.now().toISOString();
  const bounces = await app.get(`/email/hard_bounces?${period(app)}`);
  assert.deepEqual(
    [bounces.status, bounces.body],
    [
      200,
      {
        emails: [
          { email: 'ada@acme.test', hard_bounced_at: at },
          { email: 'nobody@acme.test', hard_bounced_at: at },
        ],
        message: 'success',
      },
    ],
  );
  await post(app, '/email/bounce/remove', { email: 'ada@acme.test' });
  assert.deepEqual(await send(app, 'ada', { email }, 'all'), { email: 'sent' });
  assert.deepEqual(await send(app, 'ada', { email }), { email: 'unsubscribed' });
  await post(app, '/email/status', { email: 'ada@acme.test', subscription_state: 'subscribed' });
  assert.deepEqual(await send(app, 'ada', { email }), { email: 'sent' });
  await post(app, '/email/blacklist', { email: 'ada@acme.test' });
  assert.deepEqual(await send(app, 'ben', { email }, 'all'), { email: 'hard_bounced' });

  await track(app, 'new', { email: 'nobody@acme.test' });
  assert.equal(await stateOf(app, 'new'), 'unsubscribed', 'a blocked address is blocked for whoever gets it');
  assert.deepEqual(await send(app, 'new', { email }, 'all'), { email: 'hard_bounced' });
});

test('a complaint is taken back', async (t) => {
  const app = await start(t);
  await track(app, 'ada', { email: 'ada@acme.test', marked_email_as_spam_at: '2026-01-01' });
  assert.deepEqual(await send(app, 'ada', { email }), { email: 'marked_spam' });
  await post(app, '/email/spam/remove', { email: ['ada@acme.test', 'nobody@acme.test'] });
  assert.deepEqual(await send(app, 'ada', { email }), { email: 'sent' });
});

test('a refused recipient is in the list of hard bounces, and leaves it', async (t) => {
  const server = await startMailServer(t);
  server.refuse = () => smtpReply(550, '5.1.1 no such user');
  const app = await start(t, `email: { smtp: { url: "${server.url}" } }`);
  await track(app, 'ada', { email: 'Ada@acme.test' });
  assert.deepEqual(await send(app, 'ada', { email }), { email: 'address_dead' });
  assert.deepEqual(await send(app, 'ada', { email }), { email: 'hard_bounced' });
  const list = await app.get('/email/hard_bounces?email=ada@acme.test');
  assert.deepEqual(list.body.emails, [{ email: 'ada@acme.test', hard_bounced_at: app.clock.now().toISOString() }]);
  await post(app, '/email/bounce/remove', { email: ['ada@acme.test'] });
  assert.deepEqual((await app.get('/email/hard_bounces?email=ada@acme.test')).body.emails, []);
  assert.deepEqual(await send(app, 'ada', { email }), { email: 'address_dead' }, 'it is tried again');
});

test('an email state applies to everybody with the address, or waits 30 days for somebody', async (t) => {
  const app = await start(t);
  await track(app, 'ada', { email: 'x@acme.test' });
  await track(app, 'ben', { email: 'X@acme.test' });
  const set = (address: string | string[], subscription_state: string) =>
    post(app, '/email/status', { email: address, subscription_state });
  await set(['x@acme.test', 'soon@acme.test', 'late@acme.test', 'both@acme.test'], 'opted_in');
  assert.deepEqual([await stateOf(app, 'ada'), await stateOf(app, 'ben')], ['opted_in', 'opted_in']);
  await set('both@acme.test', 'unsubscribed');

  app.clock.advance(29 * DAY_MS);
  await track(app, 'soon', { email: 'Soon@acme.test' });
  await track(app, 'both', { email: 'both@acme.test' });
  assert.deepEqual([await stateOf(app, 'soon'), await stateOf(app, 'both')], ['opted_in', 'unsubscribed']);
  await track(app, 'soon', { email: 'else@acme.test' });
  await track(app, 'second', { email: 'soon@acme.test' });
  assert.equal(await stateOf(app, 'second'), 'subscribed', 'a state waits for one person');

  app.clock.advance(2 * DAY_MS);
  await track(app, 'late', { email: 'late@acme.test' });
  assert.equal(await stateOf(app, 'late'), 'subscribed');
});

test('the list of unsubscribes has each address once, in either direction, in pages', async (t) => {
  const app = await start(t);
  const times: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    app.clock.advance(1_000);
    times.push(app.clock.now().toISOString());
    await track(app, name, { email: `${name}+x@acme.test`, email_subscribe: 'unsubscribed' });
  }
  app.clock.advance(1_000);
  await track(app, 'same', { email: 'A+x@acme.test' });
  await post(app, '/email/status', { email: 'nobody@acme.test', subscription_state: 'unsubscribed' });
  const list = async (query: string) => {
    const { status, body } = await app.get(`/email/unsubscribes?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body.emails.map((one: Record<string, string>) => [one.email?.toLowerCase(), one.unsubscribed_at]);
  };
  const of = (index: number) => [`${'abc'[index]}+x@acme.test`, times[index]];
  const nobody = ['nobody@acme.test', app.clock.now().toISOString()];
  assert.deepEqual(await list(period(app)), [nobody, of(2), of(1), of(0)]);
  assert.deepEqual(await list(`${period(app)}&sort_direction=asc&limit=2&offset=1`), [of(1), of(2)]);
  assert.deepEqual(await list(`${period(app)}&offset=9`), []);
  assert.deepEqual(await list(`start_date=${times[1]}&end_date=${times[2]}`), [of(1)], 'the end does not belong to it');
  assert.deepEqual(await list('email=a+x@acme.test&start_date=x&limit=0'), [of(0)], 'an address is all that counts');
  assert.deepEqual(await list('email[]=B%2Bx@acme.test&email[]=nobody@acme.test'), [nobody, of(1)]);
  await post(app, '/email/status', { email: 'a+x@acme.test', subscription_state: 'subscribed' });
  assert.deepEqual(await list('email=a%2Bx@acme.test'), []);
});

test('a number that the provider refuses as invalid gets no more SMS, until it is removed from the list', async (t) => {
  const app = await start(t);
  const groups = [TEXTS, CHATS].map((id) => ({ subscription_group_id: id, subscription_state: 'subscribed' }));
  await track(app, 'ada', { phone: INVALID, subscription_groups: groups });
  await track(app, 'ben', { phone: '+14155550100', subscription_groups: groups });
  assert.deepEqual(await send(app, 'ada', { sms }), { sms: 'address_dead' });
  assert.deepEqual((await app.get('/sandbox/messages')).body.messages, [], 'a refused message is not in the sandbox');
  assert.deepEqual(await send(app, 'ada', { sms, whats_app }), { sms: 'invalid_phone', whats_app: 'sent' });
  assert.deepEqual(await send(app, 'ben', { sms }), { sms: 'sent' });

  const invalid = [{ phone: INVALID, invalid_detected_at: app.clock.now().toISOString(), reason: 'provider_error' }];
  const list = async (query: string) => (await app.get(`/sms/invalid_phone_numbers?${query}`)).body.sms;
  const found = [
    ...[period(app), `${period(app)}&reason=provider_error`, `phone_numbers[]=${encodeURIComponent(INVALID)}`],
    ...[`phone_numbers=${INVALID}`, `phone_numbers[0]=15005550001&phone_numbers[1]=14155550100`],
  ];
  for (const query of found) assert.deepEqual(await list(query), invalid, query);
  for (const query of [`${period(app)}&reason=deactivated`, 'phone_numbers=14155550100', `${period(app)}&offset=1`])
    assert.deepEqual(await list(query), [], query);

  await post(app, '/sms/invalid_phone_numbers/remove', { phone_number: INVALID });
  assert.deepEqual(await list(period(app)), []);
  assert.deepEqual(await send(app, 'ada', { sms }), { sms: 'address_dead' }, 'it is tried again');
  await post(app, '/sms/invalid_phone_numbers/remove', { phone_numbers: ['15005550001', '+14155550100'] });
  await track(app, 'ada', { phone: '+14155550101' });
  assert.deepEqual(await send(app, 'ada', { sms }), { sms: 'sent' }, 'the flag belongs to the number');
});

test('wrong requests are refused with the path', async (t) => {
  const app = await start(t);
  const bodies: [path: string, body: object, error: string][] = [
    ['/email/status', { subscription_state: 'subscribed' }, 'email: expected a text or an array of texts'],
    [
      '/email/status',
      { email: 'a@acme.test' },
      'subscription_state: expected one of opted_in, subscribed, unsubscribed',
    ],
    ['/email/status', { email: ['a@acme.test', 'x'] }, 'email[1]: expected a valid email address'],
    ['/email/status', { email: { a: 1 } }, 'email: expected a valid email address'],
    ['/email/blocklist', { email: [] }, 'email: expected a text or an array of texts'],
    ['/email/bounce/remove', { email: [5] }, 'email[0]: expected a valid email address'],
    ['/email/spam/remove', {}, 'email: expected a text or an array of texts'],
    ['/sms/invalid_phone_numbers/remove', {}, 'phone_numbers or phone_number: expected a text or an array of texts'],
    [
      '/sms/invalid_phone_numbers/remove',
      { phone_numbers: ['12'] },
      'phone_numbers[0]: expected a phone number with + and country code',
    ],
  ];
  for (const [path, body, error] of bodies) {
    const answer = await app.post(path, body);
    assert.deepEqual([answer.status, answer.body], [400, { message: 'Bad Request', errors: [error] }], path);
  }
  const many = Array.from({ length: 51 }, (_, index) => `p${index}@acme.test`);
  for (const path of ['/email/status', '/email/blocklist', '/email/blacklist']) {
    const { status, body } = await app.post(path, { email: many, subscription_state: 'subscribed' });
    assert.deepEqual([status, body.message], [400, 'The max number of ids per request was exceeded']);
  }
  const queries: [path: string, error: string][] = [
    ['/email/hard_bounces', 'start_date: is required without email'],
    ['/email/hard_bounces?start_date=2026-01-01', 'end_date: is required'],
    ['/email/unsubscribes?start_date=x&end_date=2026-01-01', 'start_date: expected an ISO 8601 date'],
    ['/email/unsubscribes?email=x', 'email: expected a valid email address'],
    ['/email/unsubscribes?email=a@acme.test&sort_direction=up', 'sort_direction: expected one of asc, desc, got "up"'],
    [
      '/sms/invalid_phone_numbers?start_date=2026-01-02&end_date=2026-01-01',
      'start_date: expected a date that is not after end_date',
    ],
    [
      '/sms/invalid_phone_numbers?start_date=2026-01-01&end_date=2026-01-02&limit=0',
      'limit: expected 1 to 500, got "0"',
    ],
    ['/sms/invalid_phone_numbers?start_date=2026-01-01&end_date=2026-01-02&offset=-1', 'offset: expected 0 or more'],
    [
      '/sms/invalid_phone_numbers?reason=odd&phone_numbers=14155550100',
      'reason: expected one of provider_error, deactivated, invalid_format, got "odd"',
    ],
  ];
  for (const [path, error] of queries) {
    const { status, body } = await app.get(path);
    assert.deepEqual([status, body], [400, { message: 'Bad Request', errors: [error] }], path);
  }
  const zoned = '/email/hard_bounces?start_date=2026-01-01T00:00:00 -5:00&end_date=2026-01-02T00:00:00+02:00';
  assert.equal((await app.get(zoned)).status, 200);
});

test('what a deleted person had said about mail holds for whoever gets the address again', async (t) => {
  const app = await start(t);
  const all = ['bounced', 'spam', 'unsubscribed', 'plain', 'shared'];
  for (const name of all) await track(app, name, { email: `${name}@acme.test` });
  await track(app, 'other', { email: 'shared@acme.test', email_subscribe: 'opted_in' });
  await track(app, 'spam', { marked_email_as_spam_at: '2026-01-01' });
  await track(app, 'unsubscribed', { email_subscribe: 'unsubscribed' });
  await track(app, 'invalid', {
    phone: INVALID,
    subscription_groups: [{ subscription_group_id: TEXTS, subscription_state: 'subscribed' }],
  });
  await send(app, 'invalid', { sms });
  await post(app, '/email/blocklist', { email: 'bounced@acme.test' });
  const { status } = await app.post('/users/delete', { external_ids: [...all, 'invalid'] });
  assert.equal(status, 201);
  const listed = await app.get('/email/hard_bounces?email=bounced@acme.test');
  assert.deepEqual(listed.body.emails, [], 'the address is not known any more');
  assert.deepEqual((await app.get(`/sms/invalid_phone_numbers?${period(app)}`)).body.sms, []);

  for (const name of all) await track(app, `${name} again`, { email: `${name.toUpperCase()}@acme.test` });
  const again = async (name: string, state?: string) => (await send(app, `${name} again`, { email }, state)).email;
  assert.equal(await again('bounced', 'all'), 'hard_bounced');
  assert.equal(await again('spam'), 'marked_spam');
  assert.deepEqual([await again('unsubscribed'), await again('unsubscribed', 'all')], ['unsubscribed', 'sent']);
  assert.deepEqual([await again('plain'), await again('shared')], ['sent', 'sent']);
  assert.equal((await app.get('/email/hard_bounces?email=bounced@acme.test')).body.emails.length, 1);
  await track(app, 'invalid again', {
    phone: INVALID,
    subscription_groups: [{ subscription_group_id: TEXTS, subscription_state: 'subscribed' }],
  });
  assert.deepEqual(await send(app, 'invalid again', { sms }), { sms: 'invalid_phone' });
});

test('what is remembered of a deleted address can be taken back before anybody has it', async (t) => {
  const app = await start(t);
  const address = 'ada@acme.test';
  await track(app, 'ada', { email: address, marked_email_as_spam_at: '2026-01-01' });
  await post(app, '/email/blocklist', { email: address });
  await app.post('/users/delete', { email_addresses: [address] });
  await post(app, '/email/bounce/remove', { email: address });
  await post(app, '/email/spam/remove', { email: address });
  await post(app, '/email/status', { email: address, subscription_state: 'opted_in' });
  app.clock.advance(31 * DAY_MS);
  await track(app, 'again', { email: address });
  assert.deepEqual(
    [await stateOf(app, 'again'), await send(app, 'again', { email })],
    ['subscribed', { email: 'sent' }],
  );
});
