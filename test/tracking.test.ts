// Opens and clicks: from a mail over SMTP, by people and by machines, to the statistics of its campaign.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { startMailServer } from './support/mail-server.ts';

const BASE = 'https://links.acme.test';
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36';
const GMAIL = 'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)';
const SHOP = 'https://shop.example.com/r?a=1&b=2';
const BODY = `<html><body class="x"><p>Hi {{\${first_name}}}</p><a href="https://shop.example.com/r?a=1&amp;b=2">Shop</a>
<a href="https://shop.example.com/sale">Sale</a> <a href="mailto:help@acme.test">Help</a>
<a href="{{\${set_user_to_unsubscribed_url}}}">Unsubscribe</a></body></html>`;

interface Mail {
  html: string;
  text: string;
  headers: Map<string, unknown>;
  /** Paths of the tracked links, in their order, and of the pixel. */
  links: string[];
  pixel: string;
}

interface World {
  app: TestApp;
  send(message?: object, who?: string): Promise<Mail>;
  /** Fetches a path, as a person unless said otherwise, and lets everything happen that follows. */
  visit(path: string, options?: { agent?: string; method?: string }): Promise<Response>;
  /** Lets time pass until everything is applied. */
  settle(): Promise<void>;
  /** The numbers of the campaign that are not 0. */
  numbers(): Promise<Record<string, number>>;
  events(): Promise<string[]>;
}

async function start(
  t: TestContext,
  tracking: object = { opens: true, clicks: true, url: `${BASE}/` },
): Promise<World> {
  const server = await startMailServer(t);
  const app = await startTestApp(t);
  const campaigns = [
    { id: 'spring', name: 'Spring', kind: 'api', variations: [{ id: 'm', name: 'Mail', channel: 'email' }] },
  ];
  const email = { default_from: 'Acme <hello@acme.test>', smtp: { url: server.url }, list_unsubscribe: true };
  await app.givenWorkspace(JSON.stringify({ email, tracking, campaigns }));
  const person = (name: string) => ({ external_id: name, email: `${name}@example.test`, first_name: name });
  await app.post('/users/track', {
    attributes: [
      person('ada'),
      person('bob'),
      { ...person('eve'), email_open_tracking_disabled: true, email_click_tracking_disabled: true },
    ],
  });
  const settle = async () => {
    await app.app.intake.idle();
    await app.drain();
    app.clock.advance(5_000);
    await app.drain();
  };
  return {
    app,
    settle,
    async send(message = {}, who = 'ada') {
      const message_variation_id = 'm';
      const email = { app_id: 'x', subject: 'Hi', body: BODY, message_variation_id, ...message };
      const { body } = await app.post('/messages/send', {
        campaign_id: 'spring',
        external_user_ids: [who],
        messages: { email },
      });
      assert.equal(body.message, 'success', JSON.stringify(body));
      await app.drain();
      const { mail } = server.mails.at(-1) ?? assert.fail('no mail came');
      const html = String(mail.html);
      const paths = (kind: string) =>
        [...html.matchAll(new RegExp(`"${BASE}(/${kind}/[^"]+)"`, 'g'))].map(([, path = '']) => path);
      const [pixel = ''] = paths('o');
      return { html, text: mail.text ?? '', headers: mail.headers, links: paths('l'), pixel };
    },
    async visit(path, { agent = CHROME, method = 'GET' } = {}) {
      return fetch(app.url + path, { method, headers: { 'user-agent': agent }, redirect: 'manual' });
    },
    async numbers() {
      const { body } = await app.get('/campaigns/data_series?campaign_id=spring&length=1');
      const [{ variation_api_id: _id, variation_name: _name, ...all }] = body.data[0].messages.email;
      return Object.fromEntries(Object.entries(all as Record<string, number>).filter(([, number]) => number !== 0));
    },
    async events() {
      const rows = await app.db.query<{ text: string }>(sql`
        select concat_ws(' ', kind, bot, code) as text from feedback_events order by kind, bot, code, id`);
      return rows.map(({ text }) => text);
    },
  };
}

test('a person opens a mail and follows a link, and the statistics of the campaign say so', async (t) => {
  const world = await start(t);
  const { links, pixel, html } = await world.send();
  assert.equal(links.length, 2);
  assert.equal(html.split('<img').length, 2);
  assert.match(html, /<img src="[^"]+" width="1" height="1" alt="" style="border:0"><\/body><\/html>\s*$/);
  world.app.clock.advance(60_000);
  const picture = await world.visit(pixel);
  assert.equal(picture.headers.get('content-type'), 'image/gif');
  assert.match(picture.headers.get('cache-control') ?? '', /no-store/);
  assert.equal((await picture.arrayBuffer()).byteLength, 42);
  const answer = await world.visit(links[0] ?? '');
  // Row 34: the entity in the href is decoded.
  assert.deepEqual([answer.status, answer.headers.get('location')], [302, SHOP]);
  await world.settle();
  assert.deepEqual(await world.numbers(), {
    sent: 1,
    opens: 1,
    unique_opens: 1,
    clicks: 1,
    unique_clicks: 1,
    delivered: 1,
  });
  world.app.clock.advance(60_000);
  await world.visit(links[1] ?? '');
  await world.visit(pixel);
  await world.settle();
  assert.deepEqual(await world.numbers(), {
    sent: 1,
    opens: 2,
    unique_opens: 1,
    clicks: 2,
    unique_clicks: 1,
    delivered: 1,
  });
  const listed = async (kind: string) => (await world.app.get(`/message_events?kind=${kind}`)).body.events;
  const [opened] = await listed('opened');
  assert.deepEqual([opened.bot, opened.code, opened.external_id], ['none', null, 'ada']);
  const clicked = (await listed('clicked')).map(({ detail }: { detail: object }) => detail);
  assert.deepEqual(clicked, [
    { link: SHOP, user_agent: CHROME },
    { link: 'https://shop.example.com/sale', user_agent: CHROME },
  ]);
});

test('machines are counted apart: too soon, several links at once, by their names, and as HEAD not at all', async (t) => {
  const world = await start(t, { opens: true, clicks: true, hidden_link: true, url: BASE });
  const { links, pixel } = await world.send();
  assert.equal(links.length, 3);
  const [shop = '', sale = '', hidden = ''] = links;
  // Row 33.
  const head = await world.visit(shop, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('location')], [302, SHOP]);
  assert.equal((await world.visit(pixel, { method: 'HEAD' })).status, 200);
  await world.settle();
  assert.deepEqual(await world.events(), []);
  await world.visit(shop);
  await world.visit(pixel, { agent: 'Mozilla/5.0' });
  await world.settle();
  assert.deepEqual(await world.events(), ['clicked scanner too_soon', 'opened apple too_soon']);
  world.app.clock.advance(600_000);
  for (const path of [shop, sale]) await world.visit(path);
  await world.settle();
  world.app.clock.advance(600_000);
  assert.equal((await world.visit(hidden)).status, 200);
  await world.visit(sale, { agent: 'curl/8.5.0' });
  await world.settle();
  const machines = { sent: 1, delivered: 1, machine_opens: 1, machine_clicks: 5 };
  assert.deepEqual(await world.numbers(), machines);
  world.app.clock.advance(600_000);
  await world.visit(pixel, { agent: GMAIL });
  await world.settle();
  assert.deepEqual(await world.numbers(), { ...machines, opens: 1, unique_opens: 1 });
  assert.deepEqual(await world.events(), [
    'clicked scanner hidden_link',
    'clicked scanner several_links',
    'clicked scanner several_links',
    'clicked scanner too_soon',
    'clicked scanner user_agent',
    'opened apple too_soon',
    'opened gmail image_proxy',
  ]);
});

test('a scanner that fetches every link of a mail unsubscribes nobody; HEAD of that page is 200; a POST counts', async (t) => {
  const world = await start(t);
  const { html, headers } = await world.send();
  const state = async () => {
    const fields_to_export = ['email_subscribe'];
    return (await world.app.post('/users/export/ids', { external_ids: ['ada'], fields_to_export })).body.users[0]
      .email_subscribe;
  };
  const [, page = ''] = /href="http:\/\/cresset\.test(\/s\/[^"]+)"/.exec(html) ?? [];
  assert.match(JSON.stringify(headers.get('list')), /http:\/\/cresset\.test\/s\/u\./);
  for (const [, path = ''] of html.matchAll(/"https?:\/\/[^/"]+(\/[los]\/[^"]+)"/g))
    for (const method of ['HEAD', 'GET']) assert.ok((await world.visit(path, { method })).status < 400, path);
  const head = await world.visit(page, { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(await state(), 'subscribed');
  const agents = ['curl/8.5.0', ''];
  for (const agent of agents) assert.equal((await world.visit(page, { method: 'POST', agent })).status, 200);
  assert.equal(await state(), 'unsubscribed');
});

test('a changed link leads nowhere and is no event', async (t) => {
  const world = await start(t);
  const [first, second] = [await world.send(), await world.send({ body: '<a href="https://other.example/">x</a>' })];
  const [, person = '', target = ''] = /^\/l\/([^/]+)\/(.+)$/.exec(first.links[0] ?? '') ?? [];
  const evil = target.slice(0, 16) + Buffer.from('https://evil.example/').toString('base64url');
  const other = second.links[0]?.split('/')[3];
  const changed = [
    `/l/${person}/${evil}`,
    `/l/${person}/${other}`,
    `/l/x${person.slice(1)}/${target}`,
    `/l/${person}/`,
    `/l/${person}/${target}/x`,
    `/o/x${person.slice(1)}`,
    `/l/${person}/${'A'.repeat(6_000)}`,
  ];
  for (const path of changed) {
    const answer = await world.visit(path);
    assert.match(String(answer.status), /^4/, path);
    assert.equal(answer.headers.get('location'), null, path);
  }
  assert.equal((await world.visit(`/l/${person}/${target}?utm_source=x`)).status, 302);
  await world.settle();
  assert.equal((await world.events()).length, 1);
});

test('the preheader stays first and the pixel last, and the text part has neither them nor tracked links', async (t) => {
  const world = await start(t);
  const body =
    '<style>div{display:block!important}</style><body class="x"><p>Hi <a href="https://a.test/x">x</a></p></body>';
  const { html, text } = await world.send({ preheader: 'Secret teaser', body, should_inline_css: true });
  assert.match(
    html,
    /<body class="x"><div style="display:none[^>]+>Secret teaser<\/div><p>Hi <a href="https:\/\/links\.acme\.test\/l\/[^"]+">x<\/a><\/p><img [^>]+><\/body>/,
  );
  assert.equal(text.trim(), 'Hi x (https://a.test/x)');
});

test('workspace, message and person may each say no; without a URL of its own, the public one is taken', async (t) => {
  const off = await start(t, { opens: false, clicks: false, url: BASE });
  const plain = await off.send();
  assert.deepEqual([plain.links, plain.pixel], [[], '']);
  const asked = await off.send({ cresset: { track_opens: true, track_clicks: 'true' } });
  assert.deepEqual([asked.links.length, asked.pixel !== ''], [2, true]);
  const on = await start(t);
  const refused = await on.send({ cresset: { track_opens: false, track_clicks: false } });
  assert.deepEqual([refused.links, refused.pixel], [[], '']);
  const eve = await on.send({}, 'eve');
  assert.deepEqual([eve.links, eve.pixel], [[], '']);
  await on.app.givenWorkspace(JSON.stringify({ tracking: { opens: true, clicks: true } }));
  assert.match((await on.send()).html, /"http:\/\/cresset\.test\/l\//);
});

test('a storm on one link is one event a second', async (t) => {
  const world = await start(t);
  const { links } = await world.send();
  world.app.clock.advance(60_000);
  const answers = await Promise.all(Array.from({ length: 300 }, () => world.visit(links[0] ?? '')));
  assert.ok(answers.every(({ status }) => status === 302));
  await world.settle();
  assert.deepEqual(await world.events(), ['clicked none']);
});
