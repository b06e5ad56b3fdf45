// Content cards are stored for their people and fetched by them: which, in which order, at what cost, and for how long.
import assert from 'node:assert/strict';
import test from 'node:test';
import pino from 'pino';
import { sql } from '../src/db/sql.ts';
import { keepHouse } from '../src/dispatch/upkeep/housekeeping.ts';
import type { TestApp } from './support/app.ts';
import {
  ANDROID,
  card,
  EVERYBODY,
  fetchFeed,
  given,
  IOS,
  privateKey,
  sendCard,
  startCards,
  titlesOf,
  tokenOf,
} from './support/content-cards.ts';

const DAY_MS = 86_400_000;

test('a card is stored with its texts rendered, and its person alone fetches it', async (t) => {
  const app = await startCards(t);
  await app.post('/users/track', { attributes: [{ external_id: 'ada', first_name: 'Ada' }, { external_id: 'bob' }] });
  const message = {
    ...{ type: 'CAPTIONED_IMAGE', title: 'Hello {{${first_name}}}', description: 'a < b & "c"', pinned: true },
    ...{ image_url: 'https://acme.test/i.png', web_uri: 'https://acme.test/{{${user_id}}}', ios_uri: 'acme://orders' },
    ...{
      android_uri: 'acme://a',
      android_use_webview: false,
      uri_text: 'See it',
      extra: { n: 1, deep: { a: ['{{${user_id}}}'] } },
    },
  };
  const id = await sendCard(app, 'ada', message);
  await app.post('/users/track', { attributes: [{ external_id: 'ada', first_name: 'Eve' }] });
  const { status, body, headers } = await fetchFeed(app, 'ada');
  const common = {
    ...{ id, type: 'CAPTIONED_IMAGE', title: 'Hello Ada', description: 'a < b & "c"' },
    ...{ image_url: 'https://acme.test/i.png', uri_text: 'See it', pinned: true, viewed: false },
    ...{ extra: { n: 1, deep: { a: ['ada'] } } },
    ...{ created_at: '2026-03-15T12:00:00.000Z', expires_at: '2026-03-16T12:00:00.000Z' },
  };
  assert.deepEqual([status, body], [200, { cards: [{ ...common, url: 'https://acme.test/ada' }], message: 'success' }]);
  assert.equal(headers.get('cache-control'), 'private, no-cache');
  const ios = await fetchFeed(app, 'ada', { appId: IOS });
  assert.deepEqual(ios.body.cards, [{ ...common, url: 'acme://orders', use_webview: true }]);
  const android = await fetchFeed(app, 'ada', { appId: ANDROID, token: tokenOf(app, 'ada', { key: privateKey }) });
  assert.deepEqual(android.body.cards, [{ ...common, url: 'acme://a', use_webview: false }]);
  assert.deepEqual((await fetchFeed(app, 'bob')).body, { cards: [], message: 'success' });
  assert.deepEqual((await fetchFeed(app, 'nobody')).body, { cards: [], message: 'success' });
  assert.deepEqual(
    (await app.get(`/sandbox/messages?dispatch_id=${id}`)).body.messages,
    [],
    'it is not in the sandbox',
  );
  assert.equal((await app.get(`/dispatches/${id}`)).body.channels.content_card.sent, 1);
});

test('a card may have an empty title, also after rendering, but no empty description', async (t) => {
  const app = await startCards(t);
  await given(app, 'ada');
  for (const title of ['', '{{custom_attribute.${nothing}}}']) await sendCard(app, 'ada', { title });
  assert.deepEqual(await titlesOf(app, 'ada'), ['', '']);
  const id = await sendCard(app, 'ada', { description: '{{custom_attribute.${nothing}}}' });
  assert.equal((await app.get(`/dispatches/${id}`)).body.channels.content_card.aborted, 1);
  const messages = { content_card: { ...card, title: undefined } };
  const { status, body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages });
  assert.deepEqual([status, body.errors], [400, ['messages.content_card.title: is required']]);
});

test('the feed has pinned cards first, oldest first, then the newest; expired ones leave it at once', async (t) => {
  const app = await startCards(t);
  await given(app, 'ada');
  for (const [title, more] of Object.entries({
    a: {},
    'pinned 1': { pinned: true },
    short: { time_to_live: 60 },
    b: {},
    'pinned 2': { pinned: true },
    c: {},
  })) {
    await sendCard(app, 'ada', { title, ...more });
    app.clock.advance(1_000);
  }
  assert.deepEqual(await titlesOf(app, 'ada'), ['pinned 1', 'pinned 2', 'c', 'b', 'short', 'a']);
  assert.deepEqual(await titlesOf(app, 'ada', { query: '&since=2026-03-15T12:00:02Z' }), ['pinned 2', 'c', 'b']);
  app.clock.advance(60_000 - 4_000);
  assert.deepEqual(await titlesOf(app, 'ada'), ['pinned 1', 'pinned 2', 'c', 'b', 'a']);
  app.clock.advance(DAY_MS);
  assert.deepEqual(await titlesOf(app, 'ada'), []);
});

test('the newest 250 cards count, dismissed ones too: of 251 with 10 dismissed, 240 are returned', async (t) => {
  const app = await startCards(t);
  await given(app, 'ada');
  await sendCard(app, 'ada');
  await app.db.run(sql`
    insert into cards (bucket, user_id, dispatch_id, created_at, expires_at, pinned, card, dismissed_at)
    select bucket, user_id, gen_random_uuid(), created_at + n * interval '1 second', expires_at + interval '1 hour', false, card,
           case when n <= 10 then created_at end
      from cards, generate_series(1, 250) as n`);
  assert.equal((await titlesOf(app, 'ada')).length, 240);
  app.clock.advance(DAY_MS - 1);
  assert.equal((await titlesOf(app, 'ada')).length, 240, 'the oldest is the 251st');
  await app.db.run(sql`delete from cards where dismissed_at is null and created_at > '2026-03-15T12:00:11Z'`);
  assert.equal((await titlesOf(app, 'ada')).length, 2, 'older cards are shown again when newer ones are gone');
});

test('a poll without news is answered 304, and each change has another tag', async (t) => {
  const app = await startCards(t);
  await given(app, 'ada');
  const seen: string[] = [];
  const next = async () => {
    const { status, headers } = await fetchFeed(app, 'ada', { headers: { 'if-none-match': seen.at(-1) ?? '' } });
    assert.equal(status, 200);
    const tag = headers.get('etag') ?? '';
    assert.notEqual(tag, seen.at(-1));
    seen.push(tag);
    for (const header of [tag, `W/${tag}`]) {
      const again = await fetchFeed(app, 'ada', { headers: { 'if-none-match': header } });
      assert.deepEqual([again.status, again.body, again.headers.get('etag')], [304, '', tag]);
    }
  };
  await next();
  await sendCard(app, 'ada', { time_to_live: 60 });
  await next();
  app.clock.advance(1);
  await sendCard(app, 'ada', {});
  await next();
  await app.db.run(sql`update cards set viewed_at = now() where expires_at > '2026-03-16'`);
  await next();
  await app.db.run(sql`update cards set dismissed_at = now() where expires_at > '2026-03-16'`);
  await next();
  const ios = await fetchFeed(app, 'ada', { appId: IOS, headers: { 'if-none-match': seen.at(-1) ?? '' } });
  assert.equal(ios.status, 200, 'another platform has other links');
  app.clock.advance(60_000);
  const gone = await fetchFeed(app, 'ada', { headers: { 'if-none-match': seen.at(-1) ?? '' } });
  assert.deepEqual([gone.status, gone.body.cards, gone.headers.get('etag')], [200, [], seen[0]], 'empty again');
  for (const tag of ['*', '"x"', 'web-x', `"web-${'a'.repeat(65)}"`, '"web-nobody"'])
    assert.equal((await fetchFeed(app, 'ada', { headers: { 'if-none-match': tag } })).status, 200, tag);
});

test('many people who poll at once each get their own feed', async (t) => {
  const app = await startCards(t);
  const names = Array.from({ length: 130 }, (_, index) => `p${index}`);
  for (let at = 0; at < names.length; at += 50) await given(app, ...names.slice(at, at + 50));
  const { status } = await app.post('/messages/send', {
    ...{ broadcast: true, segment_id: EVERYBODY },
    messages: { content_card: { type: 'CLASSIC', title: 'of {{${user_id}}}', description: 'd', time_to_live: 60 } },
  });
  assert.equal(status, 201);
  await app.drain();
  const asked = [...names, 'nobody', ...names];
  const titles = await Promise.all(asked.map((name) => titlesOf(app, name)));
  assert.deepEqual(
    titles,
    asked.map((name) => (name === 'nobody' ? [] : [`of ${name}`])),
  );
});

test('cards move in a merge, stay through a new external id, and go with their person', async (t) => {
  const app = await startCards(t);
  await given(app, 'ada', 'bob');
  await sendCard(app, ['ada', 'bob'], { title: 'both {{${user_id}}}' });
  app.clock.advance(1);
  await sendCard(app, 'bob', { title: 'only bob' });
  const merge = {
    merge_updates: [{ identifier_to_merge: { external_id: 'bob' }, identifier_to_keep: { external_id: 'ada' } }],
  };
  assert.equal((await app.post('/users/merge', merge)).status, 202);
  assert.deepEqual(await titlesOf(app, 'ada'), ['only bob', 'both ada']);
  assert.deepEqual(await titlesOf(app, 'bob'), []);
  const rename = { external_id_renames: [{ current_external_id: 'ada', new_external_id: 'adele' }] };
  assert.equal((await app.post('/users/external_ids/rename', rename)).status, 201);
  assert.deepEqual(await titlesOf(app, 'adele'), ['only bob', 'both ada']);
  assert.equal((await app.post('/users/delete', { external_ids: ['adele'] })).status, 201);
  assert.equal(await cardCount(app), 0);
});

test('an expired card is deleted a day later, however many there are', async (t) => {
  const app = await startCards(t);
  await given(app, 'ada');
  await sendCard(app, 'ada', { time_to_live: 60 });
  app.clock.advance(1);
  await sendCard(app, 'ada', { time_to_live: 2_592_000 });
  await app.db.run(sql`
    insert into cards (bucket, user_id, dispatch_id, created_at, expires_at, pinned, card)
    select bucket, user_id, gen_random_uuid(), created_at, expires_at, pinned, card
      from cards, generate_series(1, 10001)
     where expires_at < '2026-03-16'`);
  const keep = () => keepHouse({ db: app.db, clock: app.clock, log: pino({ level: 'silent' }), retentionDays: 0 });
  app.clock.advance(DAY_MS + 59_000);
  await keep();
  assert.equal(await cardCount(app), 10_003);
  app.clock.advance(2_000);
  await keep();
  assert.equal(await cardCount(app), 1);
});

test('a life of more than 30 days is refused, before and after rendering', async (t) => {
  const app = await startCards(t);
  await given(app, 'ada');
  const wrong: [object, RegExp][] = [
    [{ time_to_live: undefined }, /^messages\.content_card\.time_to_live: time_to_live or expire_at is required$/],
    [
      { time_to_live: undefined, expire_at: '2026-04-15T12:00:00Z' },
      /^messages\.content_card\.expire_at: expected at most 30 days ahead$/,
    ],
    [
      { type: 'BANNER', title: undefined, description: undefined },
      /^messages\.content_card\.image_url: is required for BANNER$/,
    ],
  ];
  for (const [message, problem] of wrong) {
    const messages = { content_card: { type: 'CLASSIC', title: 't', description: 'd', time_to_live: 60, ...message } };
    const { status, body } = await app.post('/messages/send', { external_user_ids: ['ada'], messages });
    assert.deepEqual([status, body.errors.length], [400, 1]);
    assert.match(body.errors[0], problem);
  }
  const late = [
    { time_to_live: '{{ 2592001 }}' },
    { time_to_live: undefined, expire_at: '2026-{{ "06" }}-01T00:00:00Z' },
  ];
  for (const message of late) {
    const id = await sendCard(app, 'ada', message);
    assert.equal((await app.get(`/dispatches/${id}`)).body.channels.content_card.aborted, 1, JSON.stringify(message));
  }
  assert.equal(await cardCount(app), 0);
});

async function cardCount({ db }: TestApp): Promise<number> {
  return (await db.one<{ count: number }>(sql`select count(*) as count from cards`)).count;
}
