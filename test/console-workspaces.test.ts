// Operators and several workspaces: which they see, which they may enter, and where their calls and pages are about.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { findOperator } from '../src/operators/operators.ts';
import { type Reply, startTestApp, type TestApp } from './support/app.ts';
import { skipWithoutChromium } from './support/chromium.ts';
import {
  callOperator,
  givenOperator,
  givenSession,
  type SignedIn,
  signIn,
  startConsole,
} from './support/console/console.ts';
import { exampleOf } from './support/openapi/call.ts';
import { readDocument } from './support/openapi/document.ts';
import { contentsOf, givenNeighbour } from './support/tenants.ts';

const messages = { webhook: { url: 'https://example.com/hook', request_method: 'POST', body: 'Hi' } };

/** Calls the API for operators about one workspace. */
function callIn(app: TestApp, workspaceId: number, who: SignedIn, method: string, path: string, body?: unknown) {
  const within = { ...app, url: `${app.url}/in/${workspaceId}` };
  return callOperator(within, method, path, body, { cookie: `cresset_session=${who.token}` });
}

async function givenDispatch(app: TestApp): Promise<string> {
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const { status, body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages });
  assert.equal(status, 201, JSON.stringify(body));
  return body.dispatch_id;
}

const idsOf = ({ body }: Reply) => body.dispatches.map((one: { dispatch_id: string }) => one.dispatch_id);

test('a call is about the workspace before its path, and what it changes is changed and recorded there', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const neighbour = await givenNeighbour(app, 'neighbour');
  const [ours, theirs] = [await givenDispatch(app), await givenDispatch(neighbour)];
  const admin = await givenOperator(app, 'admin');
  const call = (workspaceId: number, method: string, path: string, body?: unknown) =>
    callIn(app, workspaceId, admin, method, path, body);
  const me = (await call(neighbour.workspaceId, 'GET', 'me')).body;
  assert.deepEqual([me.workspace, me.workspace_id], ['neighbour', neighbour.workspaceId]);
  assert.deepEqual(
    me.workspaces.map(({ name }: { name: string }) => name),
    ['test', 'neighbour'],
  );
  assert.deepEqual(idsOf(await call(app.workspaceId, 'GET', 'dispatches')), [ours]);
  assert.deepEqual(idsOf(await call(neighbour.workspaceId, 'GET', 'dispatches')), [theirs]);
  assert.equal((await call(app.workspaceId, 'GET', `dispatches/${theirs}`)).status, 404);
  assert.equal((await call(app.workspaceId, 'POST', `dispatches/${theirs}/cancel`, {})).status, 404);
  const before = await contentsOf(app.db, app.workspaceId);
  const cancelled = await call(neighbour.workspaceId, 'POST', `dispatches/${theirs}/cancel`, {});
  assert.equal(cancelled.status, 201, JSON.stringify(cancelled.body));
  assert.deepEqual(await contentsOf(app.db, app.workspaceId), before);
  const audit = (await call(neighbour.workspaceId, 'GET', 'audit')).body.changes;
  assert.equal(audit[0].subject, theirs);
  assert.equal((await call(999, 'GET', 'me')).status, 404);
});

test('only pages and calls of the console may have a workspace before their paths', async (t) => {
  const app = await startTestApp(t, { worker: false });
  for (const path of ['/campaigns/list', '/status', '/health', '/openapi.json'])
    assert.equal((await app.get(`/in/${app.workspaceId}${path}`)).status, 404, path);
  const { status } = await app.post(`/in/${app.workspaceId}/messages/send`, { broadcast: true, messages });
  assert.equal(status, 404);
});

test('an operator who may enter one workspace is refused in the other by every call, as if it were not there', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const neighbour = await givenNeighbour(app, 'neighbour');
  await givenDispatch(neighbour);
  const admin = await givenOperator(app, 'admin');
  const first = await givenOperator(app, 'admin', 'dana');
  const restricted = await admin.call('PATCH', 'operators/dana', { workspaces: [app.workspaceId] });
  assert.equal(restricted.status, 200, JSON.stringify(restricted.body));
  assert.equal((await first.call('GET', 'me')).status, 401, 'a session ends when the rights change');
  const listed = (await admin.call('GET', 'operators')).body.operators;
  assert.deepEqual(
    listed.map(({ name, workspaces }: { name: string; workspaces: number[] | null }) => [name, workspaces]),
    [
      ['admin', null],
      ['dana', [app.workspaceId]],
    ],
  );
  const operator = await findOperator(app.db, 'dana');
  assert.ok(operator !== null);
  const dana = await givenSession(app, operator);
  const me = (await dana.call('GET', 'me')).body;
  assert.deepEqual([me.workspaces.length, me.may_manage_operators], [1, false]);
  assert.equal((await dana.call('GET', 'operators')).status, 403, 'she could make somebody who may enter all');
  assert.equal((await dana.call('PATCH', 'operators/dana', { workspaces: null })).status, 403);
  const before = await contentsOf(app.db, neighbour.workspaceId);
  const document = await readDocument(app);
  const wrong: string[] = [];
  for (const operation of document.ofOperators.filter(({ role }) => role !== null)) {
    const { params, query, body } = exampleOf(operation, new Map());
    const path = operation.path
      .replace('/operator/v1/', '')
      .replace(/\{(\w+)\}/g, (_all, name) => encodeURIComponent(params[name] ?? ''));
    const sent = operation.method === 'GET' ? undefined : (body ?? {});
    const asked = query.length === 0 ? path : `${path}?${new URLSearchParams([...query])}`;
    const reply = await callIn(app, neighbour.workspaceId, dana, operation.method, asked, sent);
    if (reply.status !== 404) wrong.push(`${operation.name}: ${reply.status}`);
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(await contentsOf(app.db, neighbour.workspaceId), before);
});

test('there is always an admin of all workspaces, and a workspace that is not there is refused', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const neighbour = await givenNeighbour(app, 'neighbour');
  const admin = await givenOperator(app, 'admin');
  const only = await admin.call('PATCH', 'operators/admin', { workspaces: [app.workspaceId] });
  assert.deepEqual([only.status, only.body.errors[0]?.startsWith('name: this is the last admin')], [400, true]);
  const made = { name: 'eve', role: 'sender', password: 'long enough for eve', workspaces: [neighbour.workspaceId] };
  assert.equal((await admin.call('POST', 'operators', made)).status, 201);
  const rows = await app.db.query(sql`select workspace_id from operators where name = 'eve'`);
  assert.deepEqual(rows, [{ workspace_id: neighbour.workspaceId }], 'what servers of an earlier version show');
  for (const workspaces of [[], [0], ['1'], 'all', [9_999]]) {
    const { status } = await admin.call('PATCH', 'operators/eve', { workspaces });
    assert.equal(status, 400, JSON.stringify(workspaces));
  }
  assert.equal((await admin.call('PATCH', 'operators/eve', { workspaces: null })).status, 200);
});

test('the console shows several workspaces, each under its own URL, and one without any sign of it', {
  skip: skipWithoutChromium,
}, async (t) => {
  const started = await startConsole(t);
  const { app, complaints, newPage, open } = started;
  await givenDispatch(app);
  await signIn(started, await givenOperator(app, 'admin'));
  const page = await newPage('desk');
  await open(page, '/dispatches');
  await page.getByRole('heading', { level: 1 }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/dispatches');
  assert.equal(await page.getByLabel('Workspace', { exact: true }).count(), 0);
  const neighbour = await givenNeighbour(app, 'neighbour');
  const theirs = await givenDispatch(neighbour);
  await open(page, '/dispatches');
  await page.waitForURL(`**/in/${app.workspaceId}/dispatches`);
  const choice = page.locator('.side').getByLabel('Workspace');
  await choice.selectOption({ label: 'neighbour' });
  await page.waitForURL(`**/in/${neighbour.workspaceId}/`);
  await open(page, `/in/${neighbour.workspaceId}/dispatches/${theirs}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1 }).waitFor();
  assert.equal(new URL(page.url()).pathname, `/in/${neighbour.workspaceId}/dispatches/${theirs}`);
  await open(page, `/in/${app.workspaceId + 999}/dispatches`);
  await page.getByRole('heading', { name: 'There is no such workspace' }).waitFor();
  assert.deepEqual(complaints, []);
});
