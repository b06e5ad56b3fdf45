// What people do with cards is reported once, whoever repeats it, and reaches the card, the feed and the campaign's statistics.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { sql } from '../src/db/sql.ts';
import type { TestApp } from './support/app.ts';
import {
  FEED,
  fetchFeed,
  given,
  IOS,
  ORIGIN,
  sendCard,
  startCards,
  titlesOf,
  tokenOf,
  WEB,
  workspace,
} from './support/content-cards.ts';
import { mutate, mutation } from './support/mutations.ts';

const EVENTS = `${FEED}/events`;
const ofSpring = { message_variation_id: 'c' };
const inSpring = { campaign_id: 'spring' };

interface Event {
  id: string;
  card_id: string;
  type: string;
  time?: string;
}

/** Reports events with the token in a header, as apps do. */
function report(app: TestApp, name: string, ...events: Event[]) {
  const headers = { authorization: `Bearer ${tokenOf(app, name)}`, 'x-app-id': IOS };
  return app.post(EVENTS, { events }, { key: null, headers });
}

async function numbers(app: TestApp): Promise<Record<string, number>> {
  await app.drain();
  const { body } = await app.get('/campaigns/data_series?campaign_id=spring&length=1');
  const { variation_api_id: _, ...counts } = body.data.at(-1).messages.content_cards[0];
  return counts;
}

const none = {
  ...{ total_impressions: 0, unique_impressions: 0, total_clicks: 0, unique_clicks: 0 },
  ...{ total_dismissals: 0, unique_dismissals: 0 },
};

test('events count once each, first times stay, and the statistics of the campaign have them', async (t) => {
  const app = await startCards(t);
  await given(app, 'ada', 'bob');
  const id = await sendCard(app, ['ada', 'bob'], ofSpring, inSpring);
  assert.deepEqual(await numbers(app), { sent: 2, ...none });
  app.clock.advance(60_000);
  const seen = { id: 'e1', card_id: id, type: 'impression', time: '2026-03-15T12:00:30Z' };
  const counted = (taken: number, repeated: number, unknown = 0) => ({ taken, repeated, unknown, message: 'success' });
  const first = await report(app, 'ada', seen);
  assert.deepEqual([first.status, first.body], [200, counted(1, 0)]);
  assert.deepEqual((await report(app, 'ada', seen)).body, counted(0, 1));
  const both = await Promise.all([
    report(app, 'ada', { ...seen, id: 'e2' }),
    report(app, 'ada', { ...seen, id: 'e2' }),
  ]);
  assert.equal(
    both.reduce((sum, { body }) => sum + body.taken, 0),
    1,
    'also at once',
  );
  assert.deepEqual(
    (await report(app, 'bob', seen)).body,
    counted(1, 0),
    'the ids of one person are not those of another',
  );
  const more = [
    { id: 'e3', card_id: id, type: 'click' },
    { id: 'e3', card_id: id, type: 'click' },
    { id: 'e4', card_id: id, type: 'dismiss', time: '2026-03-15T12:00:40Z' },
  ];
  assert.deepEqual((await report(app, 'ada', ...more)).body, counted(2, 1));
  assert.deepEqual(await numbers(app), {
    ...{ sent: 2, total_impressions: 3, unique_impressions: 2, total_clicks: 1, unique_clicks: 1 },
    ...{ total_dismissals: 1, unique_dismissals: 1 },
  });
  await report(app, 'ada', { ...seen, id: 'e5', time: '2026-03-15T12:00:50Z' });
  assert.deepEqual(await titlesOf(app, 'ada'), []);
  assert.deepEqual((await fetchFeed(app, 'bob')).body.cards[0].viewed, true);
  const marks = await app.db.query(sql`
    select viewed_at, clicked_at, dismissed_at from cards join profiles using (bucket, user_id) where external_id = 'ada'`);
  assert.deepEqual(marks, [
    {
      viewed_at: new Date('2026-03-15T12:00:30Z'),
      clicked_at: new Date('2026-03-15T12:01:00Z'),
      dismissed_at: new Date('2026-03-15T12:00:40Z'),
    },
  ]);
});

test('a beacon, text/plain with app and token inside, is counted, and readable for pages of the app', async (t) => {
  const app = await startCards(t);
  await given(app, 'ada');
  const card_id = await sendCard(app, 'ada', ofSpring, inSpring);
  const body = { app_id: WEB, token: tokenOf(app, 'ada'), events: [{ id: 'e1', card_id, type: 'impression' }] };
  const headers = { 'content-type': 'text/plain;charset=UTF-8', origin: ORIGIN };
  for (const [path, taken] of [
    [EVENTS, 1],
    [`${EVENTS}?app_id=${WEB}`, 0],
  ] as const) {
    const answer = await app.post(path, body, { key: null, headers });
    assert.deepEqual([answer.status, answer.body.taken], [200, taken]);
    assert.equal(answer.headers.get('access-control-allow-origin'), taken === 1 ? null : ORIGIN);
  }
  assert.deepEqual(await numbers(app), { ...none, sent: 1, total_impressions: 1, unique_impressions: 1 });
  for (const [change, status] of [
    [{ token: undefined }, 401],
    [{ token: tokenOf(app, 'ada', { claims: { exp: 1 } }) }, 401],
    [{ app_id: undefined }, 404],
    [{ app_id: 7 }, 404],
  ] as const)
    assert.equal((await app.post(EVENTS, { ...body, ...change }, { key: null, headers })).status, status);
  const elsewhere = { ...headers, origin: 'https://evil.example.com' };
  assert.equal((await app.post(EVENTS, body, { key: null, headers: elsewhere })).status, 403);
});

test('a pinned card is not dismissed, and cards of others and of nobody are unknown', async (t) => {
  const app = await startCards(t);
  await given(app, 'ada', 'bob');
  const pinned = await sendCard(app, 'ada', { ...ofSpring, pinned: true }, inSpring);
  const bobs = await sendCard(app, 'bob', ofSpring, inSpring);
  const { status, body } = await report(
    app,
    'ada',
    { id: 'e1', card_id: pinned, type: 'dismiss' },
    { id: 'e2', card_id: bobs, type: 'dismiss' },
    { id: 'e3', card_id: '0'.repeat(32), type: 'click' },
  );
  assert.deepEqual([status, body], [200, { taken: 0, repeated: 0, unknown: 2, message: 'success' }]);
  assert.deepEqual((await report(app, 'eve', { id: 'e1', card_id: bobs, type: 'click' })).body.unknown, 1);
  assert.deepEqual([await titlesOf(app, 'ada'), await titlesOf(app, 'bob')], [['Hello'], ['Hello']]);
  assert.deepEqual(await numbers(app), { ...none, sent: 2 });
});

test('a wrong clock of a device moves nothing before the card or into the future', async (t) => {
  const app = await startCards(t);
  await given(app, 'ada');
  const card_id = await sendCard(app, 'ada', ofSpring, inSpring);
  app.clock.advance(3_600_000);
  await report(app, 'ada', { id: 'e1', card_id, type: 'impression', time: '1999-01-01' });
  await report(app, 'ada', { id: 'e2', card_id, type: 'click', time: '2999-01-01T00:00:00Z' });
  assert.deepEqual(await app.db.query(sql`select viewed_at, clicked_at from cards`), [
    { viewed_at: new Date('2026-03-15T12:00:00Z'), clicked_at: new Date('2026-03-15T13:00:00Z') },
  ]);
  assert.deepEqual(await numbers(app), {
    ...{ ...none, sent: 1, total_impressions: 1, unique_impressions: 1, total_clicks: 1, unique_clicks: 1 },
  });
});

test('a card that has just expired can still be reported, and one that was merged counts for its person', async (t) => {
  const app = await startCards(t);
  await given(app, 'ada', 'bob');
  const card_id = await sendCard(app, 'bob', { ...ofSpring, time_to_live: 60 }, inSpring);
  const merge = { identifier_to_merge: { external_id: 'bob' }, identifier_to_keep: { external_id: 'ada' } };
  assert.equal((await app.post('/users/merge', { merge_updates: [merge] })).status, 202);
  app.clock.advance(3_600_000);
  assert.deepEqual(await titlesOf(app, 'ada'), []);
  assert.equal((await report(app, 'bob', { id: 'e1', card_id, type: 'click' })).body.unknown, 1);
  assert.equal((await report(app, 'ada', { id: 'e1', card_id, type: 'click' })).body.taken, 1);
  assert.deepEqual(await numbers(app), { ...none, sent: 1, total_clicks: 1, unique_clicks: 1 });
});

test('a wrong report is refused with the path of what is wrong, and nothing of it counts', async (t) => {
  const app = await startCards(t);
  await given(app, 'ada');
  const card_id = await sendCard(app, 'ada', ofSpring, inSpring);
  const good = { id: 'e1', card_id, type: 'click' };
  const headers = { authorization: `Bearer ${tokenOf(app, 'ada')}` };
  const wrong: [body: unknown, problem: string][] = [
    [{}, 'events: expected an array, got nothing'],
    [{ events: good }, 'events: expected an array, got an object'],
    [{ events: ['x'] }, 'events[0]: expected an object, got a text'],
    [{ events: [good, { ...good, id: undefined }] }, 'events[1].id: expected 1 to 64 letters, digits or . : _ -'],
    [{ events: [{ ...good, id: 'x'.repeat(65) }] }, 'events[0].id: expected 1 to 64 letters, digits or . : _ -'],
    [{ events: [{ ...good, id: 7 }] }, 'events[0].id: expected 1 to 64 letters, digits or . : _ -'],
    [{ events: [{ ...good, card_id: 'x' }] }, 'events[0].card_id: expected the id of a card'],
    [{ events: [{ ...good, card_id: `${card_id}\n` }] }, 'events[0].card_id: expected the id of a card'],
    [{ events: [{ ...good, type: 'open' }] }, 'events[0].type: expected one of impression, click, dismiss'],
    [{ events: [{ ...good, type: undefined }] }, 'events[0].type: expected one of impression, click, dismiss'],
    [{ events: [{ ...good, nme: 1 }] }, 'events[0].nme: unknown member; id, card_id, type, time are known'],
    [{ events: Array(101).fill(good) }, 'events: expected at most 100, got 101'],
    [{ events: [good], event: 1 }, 'event: unknown member; app_id, token, events are known; did you mean events?'],
  ];
  for (const [body, problem] of wrong) {
    const answer = await app.post(`${EVENTS}?app_id=${WEB}`, body, { key: null, headers });
    assert.deepEqual([answer.status, answer.body.errors], [400, [problem]]);
  }
  const late = await app.post(
    `${EVENTS}?app_id=${WEB}`,
    { events: [{ ...good, time: 'soon' }] },
    { key: null, headers },
  );
  assert.equal(late.status, 400);
  assert.match(late.body.errors[0], /^events\[0\]\.time: expected an ISO 8601 date/);
  for (const body of ['', '[]', '{', 'null'])
    assert.equal((await app.post(`${EVENTS}?app_id=${WEB}`, body, { key: null, headers })).status, 400, body);
  const large = await app.post(`${EVENTS}?app_id=${WEB}`, 'x'.repeat(65_537), {
    key: null,
    headers: { ...headers, origin: ORIGIN },
  });
  assert.deepEqual([large.status, large.headers.get('access-control-allow-origin')], [413, ORIGIN]);
  assert.deepEqual(await numbers(app), { ...none, sent: 1 });
  assert.deepEqual((await report(app, 'ada')).body, { taken: 0, repeated: 0, unknown: 0, message: 'success' });
});

test('a user has 60 reports a minute, or as many as the workspace says', async (t) => {
  const app = await startCards(t);
  await app.givenWorkspace(`${workspace()}rate_limits: { content_cards_events: 2 }\n`);
  await given(app, 'ada');
  const statuses = [];
  for (let count = 0; count < 3; count += 1) statuses.push((await report(app, 'ada')).status);
  assert.deepEqual(statuses, [200, 200, 429]);
  assert.equal((await report(app, 'bob')).status, 200);
});

test('no body of a report makes the server fail, and none counts for another person', async (t) => {
  const app = await startCards(t);
  await app.givenWorkspace(`${workspace()}rate_limits: { content_cards_events: 1000000 }\n`);
  await given(app, 'ada', 'bob');
  const card_id = await sendCard(app, ['ada', 'bob'], ofSpring, inSpring);
  const valid = {
    ...{ app_id: WEB, token: tokenOf(app, 'ada') },
    events: [
      { id: 'e1', card_id, type: 'impression', time: '2026-03-15T12:00:00Z' },
      { id: 'e2', card_id, type: 'click' },
    ],
  };
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (changes) => {
      const { status } = await app.post(EVENTS, mutate(structuredClone(valid), changes), { key: null });
      statuses.add(status);
      assert.ok(status < 500, String(status));
    }),
    { numRuns: 400 },
  );
  assert.deepEqual(
    [...statuses].filter((status) => ![200, 400, 401, 404].includes(status)),
    [],
  );
  assert.ok(statuses.size > 2);
  const marked = await app.db.query(sql`
    select external_id from cards join profiles using (bucket, user_id) where coalesce(viewed_at, clicked_at) is not null`);
  assert.deepEqual(marked, [{ external_id: 'ada' }]);
});
