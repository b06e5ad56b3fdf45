// `cresset/testing` from the outside: its own functions, and HTTP to the server behind it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import test, { mock, type TestContext } from 'node:test';
import { parsed } from '../src/console/lib/document.ts';
import { asTest } from '../src/console/pages/compose/as-test.ts';
import { type Cresset, type CressetOptions, createCresset } from '../src/testing/testing.ts';

// The databases of the run are copied, so that this file needs no PostgreSQL of its own. test/package.test.ts starts one.
process.env.CRESSET_TEST_CLUSTER = process.env.CRESSET_TEST_DATABASE;

const hour = 3_600_000;
const minute = 60_000;
const startsAt = new Date('2026-03-15T12:00:00Z');
const welcome = { url: 'https://example.test', request_method: 'POST', body: 'Hi {{${first_name}}}' };
const toAda = { external_user_ids: ['ada'], messages: { webhook: welcome } };

async function givenDouble(t: TestContext, options?: CressetOptions): Promise<Cresset> {
  const cresset = await createCresset(options);
  t.after(() => cresset.close());
  return cresset;
}

async function post(cresset: Cresset, path: string, body: unknown) {
  const headers = { authorization: `Bearer ${cresset.key}` };
  const response = await fetch(cresset.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = (await response.json()) as {
    dispatch_id?: string;
    message: string;
    invalid_user_ids?: string[];
    rename_errors?: string[];
  };
  return { status: response.status, headers: response.headers, body: answer };
}

async function givenAda(cresset: Cresset) {
  const { status } = await post(cresset, '/users/track', {
    attributes: [{ external_id: 'ada', first_name: 'Ada', email: 'ada@example.test' }],
  });
  assert.equal(status, 201);
}

test('what a program stores and sends can be read; another workspace sees none of it; a reset forgets it', async (t) => {
  const [shop, other] = await Promise.all([givenDouble(t), givenDouble(t)]);
  await givenAda(shop);
  const { body } = await post(shop, '/messages/send', toAda);
  const message = await shop.waitForMessage({ externalId: 'ada', channel: 'webhook' });
  assert.equal(message.message.body, 'Hi Ada');
  assert.equal(message.dispatch_id, body.dispatch_id);
  assert.deepEqual(await shop.sent({ dispatchId: message.dispatch_id }), [message]);
  assert.deepEqual(await shop.sent({ channel: 'email' }), []);
  assert.deepEqual(await shop.sent({ externalId: 'nobody' }), []);
  assert.deepEqual(
    (await shop.people()).map(({ external_id, first_name }) => [external_id, first_name]),
    [['ada', 'Ada']],
  );
  assert.deepEqual([await other.people(), await other.sent()], [[], []]);
  assert.equal((await post({ ...other, key: shop.key }, '/messages/send', toAda)).status, 401, 'keys belong to one');
  await shop.fail({ endpoint: '/messages/send', status: 500 });
  await shop.reset();
  assert.deepEqual([await shop.people(), await shop.sent()], [[], []]);
  assert.equal((await post(shop, '/messages/send', toAda)).status, 201, 'URL and key stay, faults do not');
});

test('the clock is moved: a scheduled message is sent when its time has come, and the reset sets the clock back', async (t) => {
  const cresset = await givenDouble(t, { startsAt });
  await givenAda(cresset);
  const schedule = { time: new Date(startsAt.getTime() + 2 * hour).toISOString() };
  assert.equal((await post(cresset, '/messages/schedule/create', { ...toAda, schedule })).status, 201);
  await cresset.clock.advance(hour);
  assert.deepEqual(await cresset.sent(), []);
  await cresset.clock.advance(hour);
  const [sent] = await cresset.sent({ externalId: 'ada' });
  assert.equal(sent?.message.body, 'Hi Ada');
  assert.ok((await cresset.clock.now()).getTime() >= startsAt.getTime() + 2 * hour);
  await cresset.reset();
  const again = (await cresset.clock.now()).getTime() - startsAt.getTime();
  assert.ok(again >= 0 && again < hour, String(again));
  await assert.rejects(
    cresset.clock.advance(-1),
    /TypeError: clock\.advance: expected a number of milliseconds from 0/,
  );
});

test('one leap of days passes every time on its way: schedules, local times, quiet hours, by the clock of each', async (t) => {
  const workspace = { quiet_hours: { from: '22:00', until: '08:00', action: 'hold' } };
  const cresset = await givenDouble(t, { startsAt: new Date('2026-03-15T21:48:00Z'), workspace });
  await post(cresset, '/users/track', {
    attributes: [
      { external_id: 'ada', first_name: 'Ada', time_zone: 'UTC' },
      { external_id: 'tom', first_name: 'Tom', time_zone: 'America/New_York' },
    ],
  });
  const schedule = async (external_user_ids: string[], when: object) =>
    post(cresset, '/messages/schedule/create', { ...toAda, external_user_ids, schedule: when });
  for (const answer of [
    await schedule(['ada'], { time: '2026-03-16T09:00:00Z' }),
    await schedule(['ada', 'tom'], { time: '2026-03-17T09:00:00Z', in_local_time: true }),
    await schedule(['ada'], { time: '2026-03-15T23:00:00Z' }), // held until 08:00
  ])
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
  await cresset.clock.advance(72 * hour);
  assert.deepEqual(
    (await cresset.sent()).map(({ external_id, delivered_at }) => `${external_id} ${delivered_at.slice(0, 16)}`),
    ['ada 2026-03-16T08:00', 'ada 2026-03-16T09:00', 'ada 2026-03-17T09:00', 'tom 2026-03-17T13:00'],
  );
});

test('faults are answered in order, as often as asked, for the method that was named', async (t) => {
  const cresset = await givenDouble(t);
  await cresset.fail({ endpoint: '/users/track', status: 429, headers: { 'retry-after': '7' }, times: 2 });
  await cresset.fail({ endpoint: 'POST /users/track', status: 503, body: { message: 'Down' } });
  await cresset.fail({ endpoint: 'GET /catalogs', status: 500 });
  assert.notEqual((await post(cresset, '/catalogs', {})).status, 500);
  const answers = [];
  for (let turn = 0; turn < 4; turn += 1) answers.push(await post(cresset, '/users/track', { attributes: [{}] }));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [429, 429, 503, 400],
  );
  assert.equal(answers[0]?.headers.get('retry-after'), '7');
  assert.deepEqual([answers[0]?.body, answers[2]?.body], [{ message: 'Too Many Requests' }, { message: 'Down' }]);
  for (const [fault, problem] of [
    [{ endpoint: 'users/track', status: 500 }, /endpoint: expected a path/],
    [{ endpoint: '/users/track', status: 99 }, /status: expected a whole number from 200 to 599, got 99/],
    [{ endpoint: '/users/track', status: 500, times: 0 }, /times: expected/],
    [{ endpoint: '/nope', status: 500 }, /^TypeError: endpoint: the server has no \/nope$/],
    [{ endpoint: '/users/trak', status: 500 }, /the server has no \/users\/trak; did you mean \/users\/track\?$/],
    [{ endpoint: 'GET /users/track', status: 500 }, /endpoint: \/users\/track takes POST, got GET$/],
  ] as const)
    await assert.rejects(cresset.fail(fault), problem);
});

test('a fault meets an endpoint with a person in its path, and one for browsers', async (t) => {
  const cresset = await givenDouble(t);
  await cresset.fail({ endpoint: 'GET /users/ada/messages', status: 418 });
  await cresset.fail({ endpoint: '/feed/v1/content_cards/', status: 418 });
  const get = async (path: string) => (await fetch(cresset.url + path)).status;
  assert.equal(await get('/users/bob/messages'), 401);
  assert.equal(await get('/users/ada/messages'), 418);
  assert.equal(await get('/feed/v1/content_cards?x=1'), 418);
});

test('an option that no function knows is refused with the one that was meant, so that no filter lets all through', async (t) => {
  const cresset = await givenDouble(t, { startsAt: '2026-03-15T13:00:00+01:00' });
  assert.equal((await cresset.clock.now()).toISOString().slice(0, 16), '2026-03-15T12:00');
  await givenAda(cresset);
  await post(cresset, '/messages/send', toAda);
  const unknown = { external_id: 'nobody' } as object;
  const since = { timeout: 5 } as object;
  for (const [call, problem] of [
    [() => cresset.sent(unknown), /^TypeError: unknown filter external_id; did you mean externalId\?$/],
    [() => cresset.waitForMessage(unknown), /^TypeError: unknown filter external_id; did you mean externalId\?$/],
    [() => cresset.waitForMessage({}, since), /^TypeError: unknown option timeout; did you mean timeoutMs\?$/],
    [() => cresset.waitForMessage({}, { timeoutMs: -1 }), /^TypeError: timeoutMs: expected a number/],
    [
      () => cresset.sent({ since: 1 } as object),
      /^TypeError: unknown filter since; channel, externalId, dispatchId are/,
    ],
    [
      () => cresset.sent({ channel: 'mail' as 'email' }),
      /^TypeError: channel: expected one of android_push, .*got "mail"/,
    ],
    [() => cresset.sent({ externalId: 7 as unknown as string }), /^TypeError: externalId: expected a text, got 7$/],
    [() => cresset.sent(null as unknown as object), /^TypeError: expected an object with channel, .*got null$/],
    [
      () => (cresset.people as (given: object) => unknown)({ externalId: 'ada' }),
      /^TypeError: people: it returns everybody/,
    ],
    [
      () => cresset.fail({ endpoint: '/users/track', stauts: 500 } as unknown as Parameters<Cresset['fail']>[0]),
      /^TypeError: unknown member of the fault stauts; did you mean status\?$/,
    ],
    [
      () => createCresset({ startsat: startsAt } as object),
      /^TypeError: unknown option startsat; did you mean startsAt\?$/,
    ],
    [() => createCresset({ startsAt: 'soon' }), /^TypeError: startsAt: expected a Date or an ISO time.*got "soon"$/],
    [() => createCresset({ startsAt: new Date('x') }), /^TypeError: startsAt: expected a Date or an ISO time/],
    [() => createCresset({ startsAt: 5 as unknown as Date }), /^TypeError: startsAt: .*got 5$/],
    [() => createCresset({ workspace: 5 as unknown as string }), /^TypeError: workspace: expected the path of a file/],
  ] as const)
    await assert.rejects(
      async () => call(),
      (error: Error) => problem.test(String(error)),
      String(problem),
    );
  assert.equal((await cresset.sent({ externalId: 'ada' })).length, 1);
});

test('a workspace is defined by an object, without its providers; its problems are told by their paths', async (t) => {
  const app_id = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
  const workspace = {
    apps: [{ id: app_id, name: 'Acme', platform: 'ios' }],
    email: { default_from: 'Acme <hello@acme.test>', smtp: { url: '${env:NOT_SET_ANYWHERE}' } },
    webhook: { deliver: true },
  };
  const cresset = await givenDouble(t, { workspace });
  await givenAda(cresset);
  await post(cresset, '/messages/send', {
    external_user_ids: ['ada'],
    messages: { email: { app_id, subject: 'Hello', body: '<p>Hi {{${first_name}}}</p>' }, webhook: welcome },
  });
  const mail = await cresset.waitForMessage({ channel: 'email' });
  assert.deepEqual([mail.address, mail.message.subject], ['ada@example.test', 'Hello']);
  assert.deepEqual((await cresset.sent()).map(({ channel }) => channel).sort(), ['email', 'webhook']);
  await assert.rejects(
    createCresset({ workspace: { apps: [{ name: 'Acme' }] } }),
    /WorkspaceFileError: .*apps\[0\]\.id/s,
  );
});

test('a message that does not come is explained by what became of the others', async (t) => {
  const cresset = await givenDouble(t);
  await givenAda(cresset);
  await post(cresset, '/users/track', { attributes: [{ external_id: 'ada', email: null }] });
  const email = { app_id: 'any', from: 'Acme <hello@acme.test>', subject: 'Hello', body: 'Hi' };
  await post(cresset, '/messages/send', { external_user_ids: ['ada'], messages: { email } });
  await assert.rejects(
    cresset.waitForMessage({ externalId: 'ada', channel: 'email' }, { timeoutMs: 1 }),
    /no message to channel email, externalId ada within 1 ms; their latest sends: email skipped \(no_address\)/,
  );
});

// Row 54 of the traps of the product.
test('fake timers of a test do not reach the server, nor the calls to it', async (t) => {
  const cresset = await givenDouble(t);
  mock.timers.enable();
  t.after(() => mock.timers.reset());
  await givenAda(cresset);
  await post(cresset, '/messages/send', toAda);
  assert.equal((await cresset.waitForMessage({ externalId: 'ada' })).message.body, 'Hi Ada');
  await cresset.reset();
  assert.deepEqual(await cresset.people(), []);
});

test('what is tracked is seen only after the lag: by exports, by sends, and by calls that depend on it', async (t) => {
  const cresset = await givenDouble(t, { startsAt });
  await cresset.lag(5 * minute);
  await givenAda(cresset);
  const renamed = { external_id_renames: [{ current_external_id: 'ada', new_external_id: 'ada-2' }] };
  const exported = () =>
    post(cresset, '/users/export/ids', { external_ids: ['ada'], fields_to_export: ['first_name'] });
  assert.deepEqual((await exported()).body.invalid_user_ids, ['ada']);
  const rename = async () => (await post(cresset, '/users/external_ids/rename', renamed)).body.rename_errors?.length;
  assert.equal(await rename(), 1);
  await post(cresset, '/messages/send', toAda);
  assert.deepEqual([await cresset.sent(), await cresset.people()], [[], []]);
  await cresset.clock.advance(4 * minute);
  assert.deepEqual(await cresset.people(), []);
  await cresset.clock.advance(minute);
  assert.deepEqual((await cresset.people()).length, 1);
  await post(cresset, '/messages/send', toAda);
  assert.equal((await cresset.waitForMessage({ externalId: 'ada' })).message.body, 'Hi Ada');
  assert.equal(await rename(), 0);
});

test('one long step of the clock does everything in its order: a write, what is scheduled after it, the next write', async (t) => {
  const cresset = await givenDouble(t, { startsAt });
  await givenAda(cresset);
  await cresset.lag(30 * minute);
  const schedule = { time: new Date(startsAt.getTime() + hour).toISOString() };
  await post(cresset, '/messages/schedule/create', { ...toAda, schedule });
  await post(cresset, '/users/track', { attributes: [{ external_id: 'ada', first_name: 'Ada L.' }] });
  await cresset.clock.advance(20 * minute);
  await cresset.lag(50 * minute); // due 10 minutes after the schedule
  await post(cresset, '/users/track/bulk', { attributes: [{ external_id: 'ada', first_name: 'Countess' }] });
  await cresset.clock.advance(3 * hour);
  assert.deepEqual(
    (await cresset.sent()).map(({ message }) => message.body),
    ['Hi Ada L.'],
  );
  assert.deepEqual(
    (await cresset.people()).map(({ first_name }) => first_name),
    ['Countess'],
  );
});

test('delayed writes are answered as others are; a synchronous one is seen at once; a reset and 0 end the lag', async (t) => {
  const cresset = await givenDouble(t, { startsAt });
  const mixed = { attributes: [{ external_id: 'bob', email: 'no address' }, { external_id: 'cy' }], purchases: [{}] };
  const plain = await post(cresset, '/users/track', mixed);
  await cresset.reset();
  await cresset.lag(hour);
  const delayed = await post(cresset, '/users/track', mixed);
  assert.deepEqual([delayed.status, delayed.body], [plain.status, plain.body]);
  assert.equal(delayed.headers.get('x-ratelimit-limit'), plain.headers.get('x-ratelimit-limit'));
  assert.equal((await post(cresset, '/users/track', { attributes: [{}] })).status, 400);
  assert.equal((await post({ ...cresset, key: 'another' }, '/users/track', mixed)).status, 401);
  await post(cresset, '/users/track/sync', { attributes: [{ external_id: 'dora' }] });
  const names = async () => (await cresset.people()).map(({ external_id }) => external_id).sort();
  assert.deepEqual(await names(), ['dora']);
  await cresset.clock.advance(hour);
  assert.deepEqual(await names(), ['cy', 'dora']);
  await cresset.lag(0);
  await post(cresset, '/users/track', { attributes: [{ external_id: 'eve' }] });
  assert.deepEqual(await names(), ['cy', 'dora', 'eve']);
  await cresset.lag(hour);
  await post(cresset, '/users/track', { attributes: [{ external_id: 'fay' }] });
  await cresset.reset();
  await cresset.clock.advance(2 * hour);
  assert.deepEqual(await names(), [], 'what waited is forgotten');
  await givenAda(cresset);
  assert.deepEqual(await names(), ['ada']);
  await cresset.lag(hour);
  assert.equal((await post(cresset, '/users/track', { padding: 'x'.repeat(5_000_000) })).status, 413);
  await assert.rejects(cresset.lag(-1), /TypeError: lag: expected a number of milliseconds from 0/);
});

test('a closed double says so', async () => {
  const cresset = await createCresset();
  await cresset.close();
  await assert.rejects(cresset.people(), /this double is closed/);
  await assert.rejects(fetch(cresset.url), /fetch failed/);
});

test('a request that the console writes as a test passes', async (t) => {
  mkdirSync('tmp', { recursive: true });
  const folder = mkdtempSync('tmp/as-test-'); // Within the clone, where `cresset/testing` is known.
  t.after(() => rmSync(folder, { recursive: true }));
  const app = '11111111-1111-4111-8111-111111111111';
  const group = '2d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
  const segment = '44444444-4444-4444-8444-444444444444';
  writeFileSync(
    `${folder}/workspace.yaml`,
    `apps: [{ id: ${app}, name: iOS, platform: ios }]
email: { default_from: hello@example.com }
subscription_groups: [{ id: ${group}, name: Alerts, channel: sms }]
segments: [{ id: ${segment}, name: Gold, filter: { custom_attribute: { custom_attribute_name: plan, comparison: equals, value: gold } } }]
`,
  );
  const offer = {
    ...{ apps: [{ id: app, name: 'iOS', platform: 'ios' }], groups: [], segments: [], segments_left_out: 0 },
    ...{ default_from: null, outside: [] },
  };
  const text = JSON.stringify({
    ...{ broadcast: true, segment_id: segment, cresset: { at_most: 5 }, recipient_subscription_state: 'all' },
    messages: {
      email: { app_id: app, subject: 'Hi {{${first_name}}}', body: '<p>x</p>' },
      apple_push: { alert: { title: 'Autumn', body: 'An "offer"' } },
      sms: { app_id: app, subscription_group_id: group, body: "It's here" },
      webhook: { url: 'https://example.com', request_method: 'POST', body: 'plain' },
    },
  });
  const { body } = parsed(text);
  assert.ok(body !== null);
  const code = asTest(text, body, offer);
  assert.match(code, /assert\.equal\(apple_push\.message\.body, "An \\"offer\\""\);/, 'it looks at what came');
  assert.match(code, /assert\.ok\(email\.message\.subject\);/);
  writeFileSync(`${folder}/as.test.mjs`, code);
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const child = spawn(process.execPath, ['as.test.mjs'], { cwd: folder, env });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece) => {
      said += piece;
    });
  const [status] = await once(child, 'close');
  assert.equal(status, 0, said);
  assert.match(said, /pass 1/);
});
