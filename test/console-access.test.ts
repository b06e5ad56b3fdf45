// Who may call what of the API for operators, how they sign in, and what the server makes of those who guess.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { exampleIds } from '../src/http/openapi/example-ids.ts';
import { operatorRoles } from '../src/operators/roles.ts';
import { type Reply, startTestApp, type TestApp } from './support/app.ts';
import { callOperator, givenOperator, PASSWORD, type SignedIn } from './support/console/console.ts';
import { givenSettings } from './support/console/settings.ts';
import { fillConsole } from './support/console/world.ts';
import { type Call, exampleOf } from './support/openapi/call.ts';
import { type ApiOperation, readDocument } from './support/openapi/document.ts';
import { prepareExample } from './support/openapi/world.ts';

/** The segment of the filled workspace. */
const GOLD = '44444444-4444-4444-8444-444444444444';

function pathOf(
  { path }: ApiOperation,
  params: Readonly<Record<string, string>>,
  query: readonly [string, string][],
): string {
  const filled = path
    .replace('/operator/v1/', '')
    .replace(/\{(\w+)\}/g, (_all, name) => encodeURIComponent(params[name] ?? ''));
  const asked = new URLSearchParams(query.map(([name, value]) => [name, value])).toString();
  return asked === '' ? filled : `${filled}?${asked}`;
}

test('every call for operators refuses strangers, API keys, other sites and lower roles, and its example works', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date() });
  const { named, ada } = await fillConsole(app);
  const document = await readDocument(app);
  const people: Record<string, SignedIn> = {};
  for (const role of operatorRoles) people[role] = await givenOperator(app, role);
  const { admin, viewer, sender } = people as Record<(typeof operatorRoles)[number], SignedIn>;
  const frozen = await sender.call('POST', `dispatches/${named}/sets`, { statuses: ['cancelled'] });
  const standIns = new Map([
    [exampleIds.dispatch as string, named],
    [exampleIds.person as string, ada],
    [exampleIds.segment as string, GOLD],
    ['id-of-a-set', frozen.body.set.set_id],
  ]);
  const wrong: string[] = [];
  const expect = (name: string, what: string, reply: Reply, status: number, message: string) => {
    if (reply.status !== status || reply.body.message !== message)
      wrong.push(`${name}, ${what}: ${reply.status} ${JSON.stringify(reply.body).slice(0, 300)}`);
  };
  assert.ok(document.ofOperators.length >= 60, `${document.ofOperators.length}`);
  for (const operation of document.ofOperators) {
    const { name, method, role } = operation;
    const { params, query, body } = exampleOf(operation, standIns);
    const path = pathOf(operation, params, query);
    const sent = method === 'GET' ? undefined : (body ?? (method === 'DELETE' ? undefined : {}));
    if (role !== null) {
      expect(name, 'a stranger', await callOperator(app, method, path, sent), 401, 'Not signed in');
      const withKey = await callOperator(app, method, path, sent, { authorization: `Bearer ${app.key}` });
      expect(name, 'an API key', withKey, 401, 'Not signed in');
      const forged = await callOperator(app, method, path, sent, { cookie: `cresset_session=${'A'.repeat(43)}` });
      expect(name, 'a made-up cookie', forged, 401, 'Not signed in');
    }
    for (const other of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, { origin: 'null' }])
      expect(
        name,
        JSON.stringify(other),
        await admin.call(method, path, sent, other),
        403,
        'Request from another site',
      );
    if (method !== 'GET') {
      const response = await fetch(`${app.url}/operator/v1/${path}`, {
        ...{ method, headers: { cookie: `cresset_session=${admin.token}` } },
        ...(sent !== undefined && { body: JSON.stringify(sent) }),
      });
      expect(
        name,
        'a form',
        { status: response.status, headers: response.headers, body: await response.json() },
        403,
        'Request from another site',
      );
    }
    if (role === 'sender' || role === 'admin')
      expect(name, 'a viewer', await viewer.call(method, path, sent), 403, 'Your role may not do this');
    if (role === 'admin')
      expect(name, 'a sender', await sender.call(method, path, sent), 403, 'Your role may not do this');
  }
  assert.deepEqual(wrong, []);
});

test('the examples of calls for operators work and get documented answers', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date() });
  const { named, ada } = await fillConsole(app);
  await givenSettings(app);
  const document = await readDocument(app);
  const sender = await givenOperator(app, 'sender');
  const wrong: string[] = [];
  for (const operation of document.ofOperators) {
    const admin = await givenOperator(app, 'admin', crypto.randomUUID());
    const other = await givenOperator(app, 'viewer', crypto.randomUUID());
    await app.db.run(sql`delete from operators where name in ('grace', 'admin')`);
    await app.db.run(sql`update operators set name = 'grace' where name = ${other.name}`);
    await app.db.run(sql`update operators set name = 'admin' where name = ${admin.name}`);
    // One that waits for its time, so that it may be paused and cancelled.
    const waits = await app.post('/messages/schedule/create', {
      ...{ external_user_ids: ['ada'], schedule: { time: '2040-01-01T00:00:00Z' } },
      messages: { webhook: { url: 'https://example.com', request_method: 'POST', body: 'x' } },
    });
    const frozen = await sender.call('POST', `dispatches/${named}/sets`, { statuses: ['cancelled'] });
    const isMove = /\/(pause|cancel|resume)$/.test(operation.path);
    if (operation.path.endsWith('/resume')) await sender.call('POST', `dispatches/${waits.body.dispatch_id}/pause`, {});
    const standIns = new Map<string, string>([
      [exampleIds.dispatch as string, isMove ? waits.body.dispatch_id : named],
      [exampleIds.person as string, ada],
      [exampleIds.segment as string, operation.method === 'DELETE' ? await givenSegmentId(admin) : GOLD],
      ['id-of-a-set', frozen.body.set.set_id],
      ['of-another-session', other.sessionId],
      [exampleIds.key, await givenKeyId(admin)],
      [exampleIds.view, await givenViewId(admin)],
      ['the password of admin', PASSWORD],
    ]);
    if (stored.test(operation.path))
      await prepareExample(operation.name.replace('/operator/v1', ''), { app, standIns });
    const { params, query, body } = exampleOf(operation, standIns);
    const sent = operation.method === 'GET' || operation.method === 'DELETE' ? undefined : (body ?? {});
    const path = pathOf(operation, params, query);
    if (/\/mail$|^mail-frame$|^events$/.test(path)) continue; // no JSON; see the tests of mails and of live updates
    const reply = await admin.call(operation.method, path, sent);
    if (reply.status >= 300) wrong.push(`${operation.name}: ${reply.status} ${JSON.stringify(reply.body)}`);
    wrong.push(
      ...document
        .problemsOf(operation, reply)
        .map((one) => `${operation.name}: ${one} in ${JSON.stringify(reply.body).slice(0, 600)}`),
    );
  }
  assert.deepEqual(wrong, []);
});

// Row 31 of the traps of the product.
test('a NUL in a query or a path of the console is refused or finds nothing, as documented, and never fails', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const document = await readDocument(app);
  const admin = await givenOperator(app, 'admin');
  const wrong: string[] = [];
  let asked = 0;
  const ask = async (operation: ApiOperation, more: { params?: object; query?: [string, string][] }) => {
    const { params, query, body = {} } = { ...exampleOf(operation, new Map()), ...more } as Call;
    const path = pathOf(operation, params, query);
    const reply = await admin.call(operation.method, path, operation.method === 'GET' ? undefined : body);
    if (reply.status >= 500) wrong.push(`${operation.method} ${path}: ${reply.status}`);
    wrong.push(...document.problemsOf(operation, reply).map((one) => `${operation.method} ${path}: ${one}`));
    asked += 1;
  };
  for (const operation of document.ofOperators) {
    if (/events$|mail$|mail-frame$|sign-out$/.test(operation.path)) continue;
    const { params } = exampleOf(operation, new Map());
    for (const { in: place, name } of operation.parameters) {
      if (place === 'query') await ask(operation, { query: [[name, 'a\0b']] });
      if (place === 'path') await ask(operation, { params: { ...params, [name]: 'a\0b' } });
    }
  }
  assert.ok(asked >= 60, String(asked));
  assert.deepEqual(wrong, []);
});

/** What the public API has, too, and has to be there. */
const stored = /^\/operator\/v1\/(templates|content_blocks|event_webhooks)\//;

async function givenKeyId(admin: SignedIn): Promise<string> {
  const { body } = await admin.call('POST', 'keys', { name: crypto.randomUUID(), permissions: ['status.read'] });
  return body.key_id;
}

async function givenSegmentId(admin: SignedIn): Promise<string> {
  const { body } = await admin.call('POST', 'segments', { name: crypto.randomUUID(), filter: null });
  return body.segment_id;
}

async function givenViewId(admin: SignedIn): Promise<string> {
  const view = { list: 'dispatches', name: crypto.randomUUID(), filter: { state: 'failed' } };
  return (await admin.call('POST', 'views', view)).body.view.view_id;
}

async function attempt(
  app: TestApp,
  name: string,
  password: string,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return callOperator(app, 'POST', 'sign-in', { name, password }, headers);
}

// Row 23 of the traps of the product.
test('a session is new at each sign-in, known only by its cookie, and over when it is ended', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const dana = await givenOperator(app, 'sender', 'dana');
  const fixed = `cresset_session=${dana.token}`;
  const first = await attempt(app, 'Dana', PASSWORD, { cookie: fixed });
  assert.deepEqual(
    [first.status, first.body],
    [200, { operator: { name: 'dana', role: 'sender' }, message: 'success' }],
  );
  const cookie = first.headers.get('set-cookie') ?? '';
  assert.match(cookie, /^cresset_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  const token = /=([\w-]{43});/.exec(cookie)?.[1] ?? '';
  assert.notEqual(token, dana.token);
  const stored = await app.db.query<{ found: boolean }>(sql`
    select position(${token} in s::text) > 0 as found from operator_sessions s`);
  assert.deepEqual(stored, [{ found: false }, { found: false }], 'the token itself is not stored');
  const me = (used: string) => callOperator(app, 'GET', 'me', undefined, { cookie: `cresset_session=${used}` });
  assert.equal((await me(token)).status, 200);
  const sessions = (await dana.call('GET', 'sessions')).body.sessions;
  assert.deepEqual(sessions.map((one: { is_own: boolean }) => one.is_own).sort(), [false, true]);
  assert.equal((await callOperator(app, 'POST', 'sign-out', {}, { cookie: `cresset_session=${token}` })).status, 200);
  assert.equal((await me(token)).status, 401);
  assert.equal((await me(dana.token)).status, 200);
  const admin = await givenOperator(app, 'admin');
  assert.equal((await admin.call('PATCH', 'operators/dana', { role: 'viewer' })).status, 200);
  assert.equal((await me(dana.token)).status, 401, 'a changed role ends the sessions');
  const last = await admin.call('DELETE', 'operators/admin');
  assert.deepEqual([last.status, last.body.errors], [400, ['name: this is the last admin; make another one first']]);
  const { changes } = (await admin.call('GET', 'audit')).body;
  const changed = changes.find((one: { action: string }) => one.action === 'operator.change');
  assert.deepEqual(
    [changed.operator, changed.subject, changed.before, changed.after],
    ['admin', 'dana', { role: 'sender' }, { role: 'viewer' }],
  );
  app.clock.advance(13 * 3_600_000);
  assert.equal((await admin.call('GET', 'me')).status, 401, 'nothing was asked for twelve hours');
});

// Row 24 of the traps of the product.
test('guessing gets slower for each name and address, whatever X-Forwarded-For says, and never for the owner', async (t) => {
  const app = await startTestApp(t, { worker: false });
  await givenOperator(app, 'admin');
  assert.equal((await attempt(app, 'admin', PASSWORD)).status, 200, 'the owner has signed in from here');
  const unknown = await attempt(app, 'nobody', 'not the password');
  const wrong = await attempt(app, 'admin', 'not the password');
  assert.deepEqual([unknown.status, unknown.body], [wrong.status, wrong.body], 'one text for every cause');
  assert.deepEqual([wrong.status, wrong.body], [401, { message: 'Wrong name or password' }]);
  const statuses: number[] = [];
  for (let turn = 0; turn < 100; turn += 1)
    statuses.push((await attempt(app, 'admin', 'no', { 'x-forwarded-for': `203.0.113.${turn}` })).status);
  assert.deepEqual(statuses, [401, 401, ...Array.from({ length: 98 }, () => 429)], 'the others are not looked at');
  const refused = await attempt(app, 'admin', PASSWORD, { 'x-forwarded-for': '203.0.113.99' });
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1']);
  app.clock.advance(1_000);
  assert.equal((await attempt(app, 'admin', 'no')).status, 401);
  assert.equal((await attempt(app, 'admin', PASSWORD)).headers.get('retry-after'), '2', 'twice as long');
  app.clock.advance(2_000);
  assert.equal((await attempt(app, 'admin', PASSWORD)).status, 200);
});
