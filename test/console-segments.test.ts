// Segments that operators save: whom a definition belongs to, what is refused, and what a send makes of them. Over HTTP.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { audienceChecks } from '../src/audience/grammar/check-filter.ts';
import { messageChecks } from '../src/dispatch/plan/campaign-content.ts';
import { applyFile } from '../src/workspace/file/apply-file.ts';
import { printPlan } from '../src/workspace/file/plan.ts';
import { createServerFile } from '../src/workspace/file/server-file.ts';
import { secretFrom } from '../src/workspace/secrets.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { givenOperator } from './support/console/console.ts';
import { hostile } from './support/console/world.ts';

const equals = (name: string, value: unknown) => ({
  custom_attribute: { custom_attribute_name: name, comparison: 'equals', value },
});
const gold = { AND: [equals('plan', 'gold')] };
const webhook = { url: 'https://example.com/hook', request_method: 'POST', body: 'Hi' };
const GOLD = '44444444-4444-4444-8444-444444444441';
const OTHER = '44444444-4444-4444-8444-444444444442';

/** A workspace file in a folder of its own. */
function givenFile(t: TestContext, text: string): { path: string; write(text: string): void } {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-segments-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'workspace.yaml');
  writeFileSync(path, text);
  return { path, write: (next) => writeFileSync(path, next) };
}

function applyNow(app: TestApp, path: string) {
  return applyFile(app.db, {
    ...{ path, env: {}, ...audienceChecks, ...messageChecks, choose: async () => app.workspaceId },
    ...{ secret: secretFrom(app.secret), by: 'cresset apply by ada' },
  });
}

test('an audience that is saved as a segment is sent to at once, changed, removed, and each is recorded', async (t) => {
  const app = await startTestApp(t);
  await app.post('/users/track', {
    attributes: [
      { external_id: 'ada', plan: 'gold' },
      { external_id: 'bob', plan: 'silver' },
    ],
  });
  const sender = await givenOperator(app, 'sender');
  const admin = await givenOperator(app, 'admin');
  const asked = { id: GOLD, name: hostile, filter: gold, tags: ['season'] };
  const looked = await sender.call('POST', 'segments', { ...asked, dry_run: true });
  assert.equal(looked.status, 200, JSON.stringify(looked.body));
  assert.deepEqual(looked.body.changes, [{ what: 'segment', id: GOLD, name: hostile, kind: 'create', changed: [] }]);
  assert.equal((await sender.call('GET', `segments/${GOLD}`)).status, 404, 'a dry run leaves nothing');
  const digest = looked.body.plan_digest;
  const other = await sender.call('POST', 'segments', { ...asked, filter: null, plan_digest: digest });
  assert.deepEqual(
    [other.status, other.body.message],
    [409, 'The definitions have changed'],
    'another filter is another plan',
  );
  const saved = await sender.call('POST', 'segments', { ...asked, plan_digest: digest });
  assert.deepEqual([saved.status, saved.body.segment_id], [201, GOLD], JSON.stringify(saved.body));

  const sent = await app.post('/messages/send', { segment_id: GOLD, broadcast: true, messages: { webhook } });
  assert.equal(sent.status, 201, JSON.stringify(sent.body));
  await app.drain();
  const { recipients } = (await app.get(`/dispatches/${sent.body.dispatch_id}/recipients`)).body;
  assert.deepEqual(
    recipients.map((one: { external_id: string }) => one.external_id),
    ['ada'],
  );
  const { segments } = (await app.get('/segments/list')).body;
  assert.ok(segments.some((one: { id: string; name: string }) => one.id === GOLD && one.name === hostile));

  const twice = await sender.call('POST', 'segments', { ...asked, name: 'Again' });
  assert.deepEqual([twice.status, twice.body.errors], [400, ['id: there is a segment with this id; PATCH changes it']]);
  const changed = await admin.call('PATCH', `segments/${GOLD}`, { filter: equals('plan', 'silver') });
  assert.deepEqual(changed.body.changes[0].changed, ['filter'], JSON.stringify(changed.body));
  const read = (await sender.call('GET', `segments/${GOLD}`)).body;
  assert.deepEqual(
    [read.name, read.tags, read.filter, read.edited.by, read.locked, read.used_by],
    [hostile, ['season'], equals('plan', 'silver'), 'operator admin', null, []],
  );
  assert.equal((await admin.call('DELETE', `segments/${GOLD}`)).status, 200);
  assert.equal((await sender.call('GET', `segments/${GOLD}`)).status, 404);
  const refused = await app.post('/messages/send', { segment_id: GOLD, broadcast: true, messages: { webhook } });
  assert.equal(refused.status, 400);
  const left = (await app.get('/segments/list')).body.segments.map((one: { name: string }) => one.name);
  assert.deepEqual(left, []);

  const { changes } = (await admin.call('GET', 'audit')).body;
  const records = changes.filter(({ action }: { action: string }) => action.startsWith('segment.'));
  assert.deepEqual(
    records.map((one: Record<string, never>) => [
      one.action,
      one.operator,
      one.subject,
      Object(one.before).filter,
      Object(one.after).filter,
    ]),
    [
      ['segment.delete', 'admin', GOLD, equals('plan', 'silver'), undefined],
      ['segment.change', 'admin', GOLD, gold, equals('plan', 'silver')],
      ['segment.create', 'sender', GOLD, undefined, gold],
    ],
  );
  const { applied } = (await admin.call('GET', 'workspace-file/state')).body;
  assert.deepEqual(
    applied.map((one: { by: string; file: string; changes: { kind: string }[] }) => [
      one.by,
      one.file,
      one.changes[0]?.kind,
    ]),
    [
      ['operator admin', 'the console', 'remove'],
      ['operator admin', 'the console', 'change'],
      ['operator sender', 'the console', 'create'],
    ],
  );
});

test('what was sent to a segment is tried again after it was removed, and its id and name are free', async (t) => {
  const app = await startTestApp(t);
  await app.post('/users/track', { attributes: [{ external_id: 'ada', plan: 'gold' }] });
  const admin = await givenOperator(app, 'admin');
  await admin.call('POST', 'segments', { id: GOLD, name: 'Gold', filter: gold });
  await admin.call('POST', 'segments', {
    ...{ id: OTHER, name: 'Gold, too' },
    filter: { segment: { segment_id: GOLD, comparison: 'in' } },
  });
  const sent = await app.post('/messages/send', { segment_id: OTHER, broadcast: true, messages: { webhook } });
  const { dispatch_id: id } = sent.body;
  assert.equal((await app.post(`/dispatches/${id}/pause`, {})).status, 201);
  await app.drain();
  const inUse = await admin.call('DELETE', `segments/${GOLD}`);
  assert.deepEqual([inUse.status, inUse.body.errors], [409, ['segment_id: the segment "Gold, too" uses it']]);
  for (const one of [OTHER, GOLD]) assert.equal((await admin.call('DELETE', `segments/${one}`)).status, 200, one);
  assert.equal((await app.post(`/dispatches/${id}/resume`, {})).status, 201);
  await app.drain();
  const { state, counts } = (await app.get(`/dispatches/${id}`)).body;
  assert.equal(state, 'finished', JSON.stringify(counts));
  const { recipients } = (await app.get(`/dispatches/${id}/recipients`)).body;
  assert.deepEqual(
    recipients.map((one: { external_id: string }) => one.external_id),
    ['ada'],
  );
  const again = await admin.call('POST', 'segments', { id: GOLD, name: 'Gold', filter: null });
  assert.equal(again.status, 201, JSON.stringify(again.body));
  assert.equal((await admin.call('DELETE', `segments/${GOLD}`)).status, 200, 'a second removal keeps names apart');
  await app.givenWorkspace(`segments: [{ id: ${GOLD}, name: Gold, filter: null }]`);
  assert.equal((await admin.call('GET', `segments/${GOLD}`)).body.edited, null);
});

test('a segment that a campaign or a schedule uses is not removed, and the refusal names them', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const admin = await givenOperator(app, 'admin');
  await admin.call('POST', 'segments', { id: GOLD, name: 'Gold', filter: gold });
  await app.givenWorkspace(
    JSON.stringify({
      campaigns: [
        { id: 'news', name: 'News', kind: 'api_triggered', segment_id: GOLD },
        { id: 'old', name: 'Old', kind: 'api_triggered', segment_id: GOLD, archived: true },
      ],
    }),
  );
  const schedule = { time: '2040-01-01T09:00:00Z' };
  const planned = await app.post('/messages/schedule/create', {
    segment_id: GOLD,
    broadcast: true,
    schedule,
    messages: { webhook },
  });
  assert.equal(planned.status, 201, JSON.stringify(planned.body));
  const uses = ['the campaign "News"', `the schedule ${planned.body.dispatch_id} of 2040-01-01T09:00:00.000Z`];
  const refused = await admin.call('DELETE', `segments/${GOLD}`);
  assert.deepEqual([refused.status, refused.body.message], [409, 'Something uses this']);
  assert.deepEqual(
    refused.body.errors,
    uses.map((use) => `segment_id: ${use} uses it`),
  );
  assert.deepEqual((await admin.call('GET', `segments/${GOLD}`)).body.used_by, uses);
  const retired = await admin.call('PATCH', `segments/${GOLD}`, { archived: true, dry_run: true });
  assert.deepEqual(
    [retired.status, retired.body.errors],
    [400, ['campaign news (not in the file).segment_id: names no segment, or an archived one']],
  );
});

test('what the file of the server defines is changed there only, and a file takes over what was saved by hand', async (t) => {
  const file = givenFile(t, `# A comment\nsegments:\n  - { id: ${GOLD}, name: Gold, filter: null }\n`);
  const app = await startTestApp(t, {
    worker: false,
    serverFile: (_db, workspaceId) => createServerFile({ path: file.path, env: {}, choose: async () => workspaceId }),
  });
  const admin = await givenOperator(app, 'admin');
  await applyNow(app, file.path);
  await app.refreshCatalog();
  const sentence = `segment "Gold": workspace.yaml defines it (segments[0], line 3), and this server applies that file at its start. Change it there`;
  for (const [method, body] of [
    ['PATCH', { description: 'x' }],
    ['PATCH', { description: 'x', dry_run: true }],
    ['DELETE', undefined],
  ] as const) {
    const refused = await admin.call(method, `segments/${GOLD}`, body);
    assert.deepEqual(
      [refused.status, refused.body.message, refused.body.errors],
      [409, 'A workspace file defines this', [sentence]],
    );
  }
  const { locked } = (await admin.call('GET', `segments/${GOLD}`)).body;
  assert.deepEqual(locked, { file: 'workspace.yaml', path: 'segments[0]', line: 3, problem: null });

  const saved = await admin.call('POST', 'segments', { id: OTHER, name: 'Other', filter: gold });
  assert.equal(saved.status, 201, JSON.stringify(saved.body));
  assert.deepEqual(saved.body.warnings, []);
  file.write(
    `segments:\n  - { id: ${GOLD}, name: Gold, filter: null }\n  - { id: ${OTHER}, name: Other, filter: null }\n`,
  );
  const early = await admin.call('PATCH', `segments/${OTHER}`, { name: 'Renamed' });
  assert.equal(early.status, 409, 'the next start would undo it');
  const { plan } = await applyNow(app, file.path);
  const day = app.clock.now().toISOString().slice(0, 10);
  assert.match(
    printPlan(plan),
    new RegExp(
      `~ segment "Other" ${OTHER}: filter removed \\(taken over from operator admin, who wrote it on ${day}\\)`,
    ),
  );
  await app.refreshCatalog();
  assert.equal((await admin.call('GET', `segments/${OTHER}`)).body.edited, null);
  assert.equal(printPlan((await applyNow(app, file.path)).plan).includes('taken over'), false, 'once');

  // The file names it no more, and nothing is deleted by that. It still comes from a file.
  file.write('segments: []');
  const kept = await admin.call('DELETE', `segments/${OTHER}`);
  assert.deepEqual(
    [kept.status, kept.body.errors],
    [
      409,
      ['segment "Other" comes from a workspace file, which would bring it back: archive it there with archived: true'],
    ],
  );
  const changed = await admin.call('PATCH', `segments/${OTHER}`, { name: 'Renamed' });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  assert.deepEqual(changed.body.warnings, [
    'segment "Renamed": the next apply of workspace.yaml undoes this if that file names it (its last: cresset apply by ada)',
  ]);
  file.write('segments: [');
  const unknown = await admin.call('POST', 'segments', { name: 'New', filter: null });
  assert.equal(unknown.status, 409);
  assert.match(
    unknown.body.errors[0],
    /^workspace\.yaml, which this server applies at its start, cannot be read, so nobody/,
  );
  rmSync(file.path);
  assert.equal((await admin.call('POST', 'segments', { name: 'New', filter: null })).status, 409);
});

test('a segment is checked as that of a workspace file, and reads nothing of the server', async (t) => {
  const app = await startTestApp(t, { worker: false });
  const admin = await givenOperator(app, 'admin');
  await admin.call('POST', 'segments', { name: 'Gold', filter: gold });
  const wrong: readonly [object, RegExp][] = [
    [{}, /^name: is required/],
    [{ name: 'x' }, /^filter: is required/],
    [{ name: '', filter: null }, /^name: /],
    [{ name: 'a\0', filter: null }, /^name: /],
    [{ name: 'Gold', filter: null }, /^name: is the name of /],
    [{ id: 'no-uuid', name: 'x', filter: null }, /^id: expected a UUID/],
    [{ name: 'x', filter: { AND: [] } }, /^filter\.AND: /],
    [{ name: 'x', filter: { nonsense: 1 } }, /^filter/],
    [
      { name: 'x', filter: { segment: { segment_id: GOLD, comparison: 'in' } } },
      /^filter\.segment\.segment_id: does not name/,
    ],
    [{ name: 'x', filter: null, tags: 'one' }, /^tags: /],
    [{ name: 'x', filter: null, dry_run: 'yes' }, /^dry_run: expected true or false/],
    [{ name: 'x', filter: null, role: 'admin' }, /^role: unknown member/],
  ];
  for (const [body, error] of wrong) {
    const reply = await admin.call('POST', 'segments', body);
    assert.equal(reply.status, 400, JSON.stringify(body));
    assert.match(reply.body.errors[0], error);
  }
  const secret = '${env:PATH} ${file:/etc/hostname}';
  const saved = await admin.call('POST', 'segments', { name: secret, filter: equals('plan', secret) });
  assert.equal(saved.status, 201, JSON.stringify(saved.body));
  const read = (await admin.call('GET', `segments/${saved.body.segment_id}`)).body;
  assert.deepEqual([read.name, read.filter], [secret, equals('plan', secret)]);
  assert.equal((await admin.call('PATCH', `segments/${saved.body.segment_id}`, {})).status, 400);
  assert.equal((await admin.call('PATCH', `segments/${OTHER}`, { name: 'x' })).status, 404);
});
