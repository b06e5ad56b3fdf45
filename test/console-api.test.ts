// What the console asks the server, over HTTP: ids of every kind, sets that are counted before they are used, and its own page.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { type Reply, startTestApp } from './support/app.ts';
import { buildConsole, givenOperator } from './support/console/console.ts';
import { fillConsole, givenHistory } from './support/console/world.ts';

test('any id leads to what it means, a set is used once, and browsers get the page where clients get the API', async (t) => {
  buildConsole();
  const app = await startTestApp(t, { startsAt: new Date() });
  const { named, ada, kept } = await fillConsole(app);
  await app.post('/users/alias/new', {
    user_aliases: [{ external_id: 'ada', alias_name: '723421968459640832', alias_label: 'crm' }],
  });
  await app.post('/users/track', { attributes: [{ external_id: 'person-0', phone: '+4366412345678' }] });
  const viewer = await givenOperator(app, 'viewer');
  const sender = await givenOperator(app, 'sender');

  await t.test('find', async () => {
    const find = async (text: string) => {
      const { status, body } = await viewer.call('POST', 'find', { text });
      assert.equal(status, 200, text);
      return body.matches.map(({ kind, id }: { kind: string; id: string }) => [kind, id]);
    };
    assert.deepEqual(await find(' "ada" '), [['external_id', ada]]);
    assert.deepEqual(await find('723421968459640832'), [['alias', ada]], 'a long number stays what it is');
    assert.deepEqual(await find(ada.toUpperCase()), [['braze_id', ada]]);
    assert.deepEqual(await find('<ADA@example.com>'), [['email', ada]]);
    assert.deepEqual(await find('+43 664 1234-5678'), [['phone', kept]]);
    assert.deepEqual(await find('A'.repeat(64)), [['token', ada]]);
    assert.deepEqual(await find(named), [['dispatch', named]]);
    assert.deepEqual(await find('autumn'), [['campaign', 'autumn']]);
    assert.deepEqual((await find('gold'))[0]?.[0], 'segment', 'the beginning of a name');
    assert.deepEqual((await find('Acme iOS'))[0]?.[0], 'app');
    assert.deepEqual((await find('News'))[0]?.[0], 'group');
    assert.deepEqual(await find('zzz'), []);
    const sent = await app.post('/messages/send', {
      external_user_ids: ['ada'],
      messages: { webhook: { url: 'https://example.com', request_method: 'POST', body: 'x' } },
    });
    assert.deepEqual(await find(sent.headers.get('x-request-id') ?? ''), [['request', sent.body.dispatch_id]]);
    const key = await viewer.call('POST', 'find', { text: app.key });
    assert.deepEqual([key.body.is_api_key, key.body.matches], [true, []]);
    for (const text of ['a\0b', '', '\ud800', 7, 'x'.repeat(5_000)])
      assert.equal((await viewer.call('POST', 'find', { text })).status, 400, JSON.stringify(text).slice(0, 20));
  });

  // Row 33 of the traps of the product.
  await t.test('a frozen set', async () => {
    const { body } = await app.post('/messages/send', {
      external_user_ids: ['ada', 'person-1'],
      messages: {
        webhook: { url: 'https://example.com', request_method: 'POST', body: "{% abort_message('no stock') %}" },
      },
    });
    await app.drain();
    const freeze = (more = {}) =>
      sender.call('POST', `dispatches/${body.dispatch_id}/sets`, { statuses: ['aborted'], ...more });
    const unknown = await freeze({ reason: 'no stock', older_than: 5 });
    assert.equal(unknown.status, 400, 'a filter that nobody knows counts nothing');
    const [first, second, late] = [await freeze(), await freeze(), await freeze()];
    assert.deepEqual([first.status, first.body.set.recipients, first.body.set.used_at], [201, 2, null]);
    const use = (set: typeof first) => sender.call('POST', `sets/${set.body.set.set_id}/replay`, {});
    const used = await use(first);
    assert.deepEqual([used.status, used.body.recipients], [201, 2]);
    await app.drain();
    const again = await use(first);
    assert.equal(again.status, 409);
    assert.match(again.body.errors[0], /^set_id: sender used this set at .*; a set is used once$/);
    const stale = await use(second);
    assert.deepEqual(
      [stale.status, stale.body.errors],
      [409, ['set_id: the dispatch was replayed since; count again']],
    );
    app.clock.advance(15 * 60_000);
    assert.match((await use(late)).body.errors[0], /^set_id: this set could be used until /);
    const { changes } = (await (await givenOperator(app, 'admin')).call('GET', 'audit?limit=50')).body;
    const acts = changes.filter((one: { action: string }) => one.action === 'set.replay');
    assert.deepEqual(
      acts.map((one: { operator: string }) => one.operator),
      ['sender'],
    );
  });

  // Row 32 of the traps of the product.
  await t.test('the outbox, page by page, of messages that came within a millisecond', async () => {
    await app.db.run(sql`
      update sandbox_messages
         set delivered_at = date_trunc('second', ${app.clock.now()}::timestamptz) + make_interval(secs => 0.029 + user_id % 1000 / 1e6)`);
    const all = (await viewer.call('GET', 'outbox?limit=200')).body.entries;
    assert.ok(all.length > 5);
    const paged = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const { body } = await viewer.call('GET', `outbox?limit=1&cursor=${cursor}`);
      paged.push(...body.entries);
      cursor = body.next_cursor;
    }
    assert.deepEqual(paged, all);
  });

  await t.test('why a person did not get a dispatch', async () => {
    const { body } = await viewer.call('GET', `people/${kept}/why?dispatch_id=${named}`);
    const verdicts = body.recorded.map((one: Record<string, unknown>) => [one.channel, one.status, one.reason]);
    assert.deepEqual(verdicts, [
      ['email', 'skipped', 'unsubscribed'],
      ['webhook', 'sent', null],
    ]);
    const now = body.now.map((one: Record<string, unknown>) => [one.channel, one.status, one.reason]).sort();
    assert.deepEqual(now, [
      ['email', 'skipped', 'unsubscribed'],
      ['webhook', 'would_be_sent', null],
    ]);
    const people = await viewer.call('GET', `dispatches/${named}/people`);
    assert.deepEqual(people.body.people, { reached: 3, waiting: 0, unclear: 0, failed: 0, kept: 1 });
  });

  await t.test('campaigns with what they sent', async () => {
    await givenHistory(app);
    const list = async (query: string) => (await viewer.call('GET', `campaigns${query}`)).body.campaigns;
    const autumnIn = async (query: string) => (await list(query)).find((one: { id: string }) => one.id === 'autumn');
    const autumn = await autumnIn('');
    const spring = (await list('')).find((one: { id: string }) => one.id === 'spring');
    const { data } = (await viewer.call('GET', 'campaigns/data_series?campaign_id=autumn&length=30')).body;
    const mails = data.map(({ messages }: { messages: { email: Record<string, number>[] } }) => messages.email[0]);
    const total = (counter: string) =>
      mails.reduce((sum: number, mail: Record<string, number>) => sum + (mail[counter] ?? 0), 0);
    const sentByDay = mails.map((mail: Record<string, number>) => mail.sent);
    assert.ok(total('unique_opens') > 0 && total('machine_opens') > 0 && sentByDay.at(-1) === 2);
    assert.deepEqual(
      [autumn.name, autumn.kind, autumn.tags, autumn.archived],
      ['Autumn offer', 'api', ['sale'], false],
    );
    assert.deepEqual(
      [autumn.sent, autumn.opened, autumn.clicked, autumn.sent_by_day],
      [total('sent'), total('unique_opens'), total('unique_clicks'), sentByDay],
      'the same as the series of the campaign, and no machine among them',
    );
    const people = data.reduce((sum: number, day: { unique_recipients: number }) => sum + day.unique_recipients, 0);
    assert.deepEqual([autumn.recipients, Date.parse(autumn.last_sent) > Date.parse(data.at(-1).time)], [people, true]);
    assert.deepEqual(
      [spring.sent, spring.opened, spring.clicked, spring.last_sent, spring.sent_by_day.length],
      [0, null, null, null, 30],
      'it has no variation that could tell',
    );
    assert.deepEqual((await autumnIn('?days=7')).sent_by_day, sentByDay.slice(-7));
    for (const [query, problem] of [
      ['?days=8', 'days: expected one of 7, 30, 90, got "8"'],
      ['?page=x', 'page: expected 0 or more, got "x"'],
      ['?day=7', /^day: unknown query parameter/],
    ] as const)
      refused(await viewer.call('GET', `campaigns${query}`), problem);
  });

  await t.test('saved views', async () => {
    const view = { list: 'recipients', name: 'Failed mails', filter: { channel: 'email', status: 'failed' } };
    const made = await sender.call('POST', 'views', view);
    assert.equal(made.status, 201);
    const { view_id: id, ...rest } = made.body.view;
    const at = app.clock.now().toISOString();
    const by = { made_at: at, made_by: 'sender', changed_at: at, changed_by: 'sender' };
    assert.deepEqual(rest, { ...view, ...by });
    const listed = async (query = '?list=recipients') => (await viewer.call('GET', `views${query}`)).body.views;
    assert.deepEqual(await listed(), [{ view_id: id, ...view, ...by }]);
    assert.deepEqual(await listed('?list=requests'), []);
    const long = 'x'.repeat(201);
    const wrong: [object, string | RegExp][] = [
      [{ ...view, name: 'failed MAILS' }, 'name: there is a view named "failed MAILS" of this list already'],
      [{ ...view, name: '' }, 'name: expected 1 to 80 characters'],
      [{ ...view, name: ' x' }, /^name: expected a text without spaces/],
      [{ ...view, name: 'a\0b' }, /^name: /],
      [{ ...view, list: 'people' }, 'list: expected one of recipients, dispatches, requests, campaigns'],
      [{ ...view, filter: {} }, 'filter: expected an object with some of channel, status'],
      [{ ...view, filter: null }, 'filter: expected an object with some of channel, status'],
      [{ ...view, filter: { status: long } }, 'filter.status: expected a text of 1 to 200 characters'],
      [{ ...view, filter: { status: { a: 1 } } }, 'filter.status: expected a text of 1 to 200 characters'],
      [
        { ...view, filter: { external_id: 'ada' } },
        'filter.external_id: unknown filter of recipients; channel, status are known',
      ],
      [{ ...view, filter: JSON.parse('{"__proto__": "x"}') }, /^filter\.__proto__: unknown filter/],
      [{ ...view, more: 1 }, /^more: unknown member/],
    ];
    for (const [body, problem] of wrong) refused(await sender.call('POST', 'views', body), problem);
    refused(await sender.call('PATCH', `views/${id}`, {}), 'name: expected a name or a filter, got neither');
    refused(await sender.call('PATCH', `views/${id}`, { filter: { state: 'x' } }), /^filter\.state: unknown filter/);
    for (const method of ['PATCH', 'DELETE'])
      for (const other of [crypto.randomUUID(), 'x', '%00'])
        assert.equal((await sender.call(method, `views/${other}`, { name: 'x' })).status, 404, `${method} ${other}`);
    const asAdmin = await givenOperator(app, 'admin', 'ann');
    const changed = await asAdmin.call('PATCH', `views/${id}`, { name: 'Mails that failed' });
    assert.deepEqual([changed.body.view.made_by, changed.body.view.changed_by], ['sender', 'ann']);
    const twice = ['a', 'A', 'a'].map((name) => sender.call('POST', 'views', { ...view, name }));
    assert.deepEqual(
      (await Promise.all(twice)).map(({ status }) => status).sort(),
      [201, 400, 400],
      'at the same time',
    );
    assert.equal((await sender.call('DELETE', `views/${id}`)).status, 200);
    const { changes } = (await asAdmin.call('GET', 'audit?limit=50')).body;
    const audited = changes.filter((one: { action: string; subject: string }) => one.subject === id);
    assert.deepEqual(
      audited.map(({ operator, action, before, after }: Record<string, unknown>) => [operator, action, before, after]),
      [
        ['sender', 'view.delete', { ...view, name: 'Mails that failed' }, null],
        ['ann', 'view.change', view, { ...view, name: 'Mails that failed' }],
        ['sender', 'view.create', null, view],
      ],
    );
    await app.db.run(sql`
      insert into saved_views (id, workspace_id, list, name, filter, made_at, made_by, changed_at, changed_by)
      select gen_random_uuid(), ${app.workspaceId}, 'requests', 'view ' || n, '{}', now(), '', now(), ''
        from generate_series(1, 100) as n`);
    const more = { list: 'requests', name: 'one more', filter: { category: 'x' } };
    refused(await sender.call('POST', 'views', more), 'list: it has 100 views already; delete one first');
  });

  await t.test('the page', async () => {
    const get = (path: string, headers: Record<string, string>) => fetch(app.url + path, { headers });
    const html = { accept: 'text/html,application/xhtml+xml' };
    for (const path of ['/', `/dispatches/${named}`, '/people/x?why=y', '/campaigns']) {
      const page = await get(path, html);
      assert.deepEqual([page.status, page.headers.get('cache-control')], [200, 'no-cache'], path);
      assert.match(
        page.headers.get('content-security-policy') ?? '',
        /script-src 'self'; style-src 'self'.*frame-ancestors 'none'/,
      );
      assert.match(await page.text(), /<base href="\/">/);
    }
    assert.equal((await get(`/dispatches/${named}`, { accept: '*/*' })).status, 401, 'a client without a key');
    const client = await get(`/dispatches/${named}`, { ...html, authorization: `Bearer ${app.key}` });
    assert.equal(
      ((await client.json()) as { dispatch_id: string }).dispatch_id,
      named,
      'a client with a key, whatever it accepts',
    );
    const asset = /src="\.(\/assets\/[^"]+\.js)"/.exec(await (await get('/', html)).text())?.[1] ?? '';
    const packed = await get(asset, { 'accept-encoding': 'gzip' });
    assert.deepEqual(
      [packed.status, packed.headers.get('content-encoding'), packed.headers.get('cache-control')],
      [200, 'gzip', 'public, max-age=31536000, immutable'],
    );
    const index = await (await get('/', html)).text();
    const first = [...index.matchAll(/(?:src|href)="\.(\/assets\/[^"]+\.(?:js|css))"/g)].map(([, path = '']) => path);
    const sizes = first.map(async (path) => (await get(path, { 'accept-encoding': 'gzip' })).headers);
    const bytes = (await Promise.all(sizes)).reduce((sum, headers) => sum + Number(headers.get('content-length')), 0);
    const script = await (await get(first.find((path) => path.endsWith('.js')) ?? '', {})).text();
    assert.ok(!script.includes('uPlot') && !script.includes('u-wrap'), 'charts are loaded where they are shown');
    assert.ok(first.length >= 2 && bytes > 50_000 && bytes <= 260_000, `${first.length} files, ${bytes} bytes`);
    for (const path of ['/assets/gone-1234.js', '/assets/..%2Findex.html', '/assets/..%2f..%2fpackage.json']) {
      const gone = await get(path, html);
      assert.equal(gone.status, 404, path);
      assert.match(gone.headers.get('content-type') ?? '', /^application\/json/, 'never the page with 200');
    }
  });
});

/** Whether it was refused with this problem first. */
function refused({ status, body }: Reply, problem: string | RegExp): void {
  assert.equal(status, 400, JSON.stringify(body));
  if (typeof problem === 'string') assert.equal(body.errors[0], problem);
  else assert.match(body.errors[0], problem);
}
