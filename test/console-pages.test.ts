// Every page of the console in a real browser, on a real server with real data: at the width of a desk and of a phone, in
// both schemes. `npm run screenshots` keeps the pictures.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import type { Page } from 'playwright-core';
import { skipWithoutChromium } from './support/chromium.ts';
import {
  type Console,
  givenOperator,
  keepPicture,
  overflowOf,
  PASSWORD,
  schemes,
  seriousFindings,
  signIn,
  startConsole,
  type Width,
  widths,
} from './support/console/console.ts';
import { phoneSays } from './support/console/phone.ts';
import { type ConsoleWorld, fillConsole, givenHistory, givenWaiting, hostile } from './support/console/world.ts';

interface PageCase {
  name: string;
  path(world: ConsoleWorld): string;
  /** The heading of the page. */
  heading: RegExp;
  /** What is there once the page is, beside its heading. Default: nothing. */
  ready?: string;
}

const pages: readonly PageCase[] = [
  { name: 'home', path: () => '/', heading: /wrong/ },
  { name: 'find', path: () => '/find#autumn', heading: /^1 match for autumn$/ },
  { name: 'find-nothing', path: () => '/find#zzz', heading: /^Nothing is called zzz$/ },
  { name: 'dispatches', path: () => '/dispatches', heading: /^Dispatches$/ },
  { name: 'dispatch', path: ({ named }) => `/dispatches/${named}`, heading: /^Dispatch without a campaign$/ },
  { name: 'people', path: () => '/people', heading: /^People$/ },
  { name: 'person', path: ({ ada }) => `/people/${ada}`, heading: /^Ada Lovelace$/ },
  { name: 'why', path: ({ kept, named }) => `/people/${kept}?why=${named}`, heading: /^Ben$/ },
  { name: 'outbox', path: () => '/outbox', heading: /^Outbox$/ },
  { name: 'outbox-message', path: ({ ada, broadcast }) => `/outbox/${broadcast}/${ada}`, heading: /^Outbox$/ },
  { name: 'audiences', path: () => '/audiences', heading: /^\d segments?$/ },
  { name: 'audience', path: () => '/audiences/44444444-4444-4444-8444-444444444444', heading: /^7 people fit$/ },
  { name: 'audience-new', path: () => '/audiences/new', heading: /people fit$/ },
  { name: 'campaigns', path: () => '/campaigns', heading: /^2 campaigns$/, ready: 'tbody tr >> nth=1' },
  {
    ...{ name: 'campaign', path: () => '/campaigns/autumn', heading: /^Autumn offer$/ },
    ready: '.plot canvas >> nth=2',
  },
  { name: 'compose', path: () => '/compose', heading: /^Compose$/ },
  { name: 'requests', path: () => '/requests', heading: /^1 request in 60 h$/ },
];

test('pages fit their width, break no policy and have no serious finding of axe', {
  skip: skipWithoutChromium,
}, async (t) => {
  const started = await startConsole(t);
  const { app, complaints, newPage, open } = started;
  const world = await fillConsole(app);
  await givenHistory(app);
  const wrong: string[] = [];
  const look = async (page: Awaited<ReturnType<typeof newPage>>, name: string, width: Width) => {
    for (const scheme of schemes) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      wrong.push(...(await seriousFindings(page)).map((found) => `${name} ${width} ${scheme}: ${found}`));
      await keepPicture(page, `${name}-${widths[width].width}-${scheme}`);
    }
    const sticksOut = await overflowOf(page);
    if (sticksOut > 0) wrong.push(`${name} ${width}: ${sticksOut} px stick out`);
  };
  for (const width of ['desk', 'phone'] as const) {
    const page = await newPage(width);
    await started.context.clearCookies();
    await open(page, '/');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await look(page, 'sign-in', width);
    await signIn(started, await givenOperator(app, 'admin', `admin-${width}`));
    for (const { name, path, heading, ready } of pages) {
      await open(page, path(world));
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      await page.locator('[aria-busy]').first().waitFor({ state: 'detached' });
      if (ready !== undefined) await page.locator(ready).waitFor();
      await look(page, name, width);
      if (name === 'campaign') await drawnInBothSchemes(page);
      if (width === 'phone') await phoneSays[name]?.(page);
    }
    await page.close();
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(complaints, []);
  await saveView(started, world);
  await keepLongIds(started, world);
  await findReason(started);
  assert.deepEqual(complaints, [], 'nor do dialogs');
  await refuseHostile(started, world);
  await followLink(started, world);
  await showWhatWaits(started);
});

test('each page of the console is looked at on a phone, here or among the settings', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const looked = read('./console-pages.test.ts') + read('./console-settings.test.ts');
  const paths = [...read('../src/console/router.tsx').matchAll(/path: '([^']+)'/g)].map(([, path = '']) => path);
  assert.ok(paths.length > 20, 'the router names its paths');
  const left = paths.filter((path) => !new RegExp(`['\`]${path.replaceAll(/\$\w+/g, "[^/'`]+")}[?#'\`]`).test(looked));
  assert.deepEqual(left, []);
});

/** The colour of ink in each scheme. */
const inks = { light: [29, 26, 22], dark: [239, 236, 230] } as const;
/** More points than an axis has. */
const DRAWN = 200;

/** Each chart is drawn with the ink of the scheme, and has a table with the same numbers. */
async function drawnInBothSchemes(page: Page): Promise<void> {
  for (const scheme of schemes) {
    await page.emulateMedia({ colorScheme: scheme });
    let drawn = 0;
    for (let frame = 0; drawn < DRAWN && frame < 100; frame += 1)
      drawn = await page.evaluate<number>(inkOnNextFrame(inks[scheme]));
    assert.ok(drawn >= DRAWN, `${drawn} points of the ${scheme} scheme`);
  }
  assert.equal(await page.locator('figure').count(), 3, 'machines have a chart of their own');
  const table = page.locator('figure table').first();
  const heads = await table.getByRole('columnheader').allTextContents();
  assert.deepEqual(
    heads.map((head) => head.trim()),
    ['Day, UTC', 'Messages', 'People'],
  );
  // 24 days of the past, and today.
  assert.equal(await table.locator('tbody tr').count(), 25);
}

/** How many points of the first chart have this colour after the next frame. */
function inkOnNextFrame([red, green, blue]: readonly number[]): string {
  return `new Promise(requestAnimationFrame).then(() => {
    const canvas = document.querySelector('.plot canvas');
    if (canvas === null) return 0;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let at = 0; at < data.length; at += 4)
      if (data[at] === ${red} && data[at + 1] === ${green} && data[at + 2] === ${blue} && data[at + 3] === 255) found += 1;
    return found;
  })`;
}

/** A filter gets a name, is chosen by it, gets another name, and is gone. A viewer chooses it, and no more. */
async function saveView(started: Console, { named }: ConsoleWorld): Promise<void> {
  const { app, context, newPage, open } = started;
  await context.clearCookies();
  const sam = await givenOperator(app, 'sender', 'sam');
  await signIn(started, sam);
  const page = await newPage('phone');
  await open(page, `/dispatches/${named}?channel=email&status=skipped&q=person-0`);
  await page.getByRole('button', { name: 'Save view …' }).click();
  await page.getByText('The external id is not saved: views name no person.').waitFor();
  await page.getByRole('textbox', { name: 'Name' }).fill('Skipped mails');
  assert.deepEqual(await seriousFindings(page), []);
  await keepPicture(page, 'views-save-390-light');
  await page.getByRole('button', { name: 'Save the view' }).click();
  await page.getByRole('button', { name: 'Rename the view Skipped mails' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Mails that were kept back');
  await page.getByRole('button', { name: 'Rename it' }).click();
  await page.getByRole('button', { name: 'Rename the view Mails that were kept back' }).waitFor();

  await context.clearCookies();
  await signIn(started, await givenOperator(app, 'viewer', 'vera'));
  const other = await newPage('desk');
  await open(other, `/dispatches/${named}`);
  await other.getByRole('combobox', { name: /^View/ }).selectOption('Mails that were kept back');
  await other.waitForURL(/\?channel=email&status=skipped$/);
  await other.locator('.peo tbody tr').nth(1).waitFor({ state: 'detached' });
  assert.deepEqual(await other.locator('.peo tbody tr .v').allTextContents(), ['skipped']);
  await keepPicture(other, 'views-1440-light');
  assert.deepEqual(await other.getByRole('button', { name: /view/ }).allTextContents(), []);
  await other.close();

  await context.clearCookies();
  await signIn(started, sam);
  await page.reload();
  await page.getByRole('button', { name: 'Delete the view Mails that were kept back' }).click();
  await page.getByRole('button', { name: 'Delete the view', exact: true }).click();
  await page.getByRole('button', { name: 'Save view …' }).waitFor();
  await page.close();
}

/** A long number in the URL stays the text that it is. Row 30 of the traps of the product. */
async function keepLongIds({ newPage, open }: Console, { named }: ConsoleWorld): Promise<void> {
  const page = await newPage('desk');
  const id = '723421968459640832';
  await open(page, `/dispatches/${named}?q=${id}`);
  const asked = page.waitForRequest((request) => request.url().includes(`external_id=${id}&`));
  await page.getByRole('combobox', { name: 'Channel' }).selectOption('Email');
  await asked;
  assert.equal(new URL(page.url()).search, `?channel=email&q=${id}`);
  assert.equal(await page.getByLabel('External id').inputValue(), id);
  await page.close();
}

/** By keyboard alone: sign in, find a person, and read why a mail did not come, in three steps. */
async function findReason({ app, context, newPage, open }: Console): Promise<void> {
  await context.clearCookies();
  await givenOperator(app, 'viewer', 'grace');
  const page = await newPage('desk');
  await open(page, '/dispatches');
  await page.getByLabel('Name').fill('grace');
  await page.getByLabel('Password').fill('a wrong password');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('Wrong name or password').waitFor();
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Dispatches' }).waitFor();
  await page.locator('h1').click();
  await page.keyboard.press('/');
  await page.keyboard.type('person-0@example.com');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Ben' }).waitFor();
  await page.getByRole('link', { name: 'skipped – why' }).first().focus();
  await page.keyboard.press('Enter');
  await page
    .getByText(/^No: unsubscribed from all mails at /)
    .first()
    .waitFor();
  assert.match(page.url(), /\/people\/[0-9a-f]{24}\?why=[0-9a-f]{32}$/, 'what is seen can be shared');
  await page.locator('h1').click();
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await page.getByRole('heading', { level: 1, name: /wrong/ }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('heading', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { name: 'Keys' }).waitFor({ state: 'hidden' });
  await page.close();
}

/** Texts and a mail that want to run, or to load something, neither run nor load. Rows 25, 27 and 29 of the traps of the product. */
async function refuseHostile({ app, newPage, open }: Console, { mallory, attack }: ConsoleWorld): Promise<void> {
  const page = await newPage('desk');
  const foreign: string[] = [];
  const asked = Promise.withResolvers<void>();
  // What the policy of a page blocks never gets here.
  await page.route(
    (url) => url.origin !== app.url && url.protocol !== 'data:',
    (route) => {
      foreign.push(route.request().url());
      asked.resolve();
      return route.abort();
    },
  );
  const paths = [
    '/',
    `/people/${mallory}?why=${attack}`,
    `/dispatches/${attack}`,
    `/find#${encodeURIComponent(hostile)}`,
  ];
  for (const path of [...paths, `/outbox/${attack}/${mallory}`]) {
    await open(page, path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.locator('[aria-busy]').first().waitFor({ state: 'detached' });
    assert.equal(await page.evaluate('window.hacked'), undefined, path);
  }
  const mail = page.frameLocator('iframe[title="The mail"]');
  await mail.getByText('Hi').waitFor();
  const frame = page.frames().find((one) => one.url().endsWith('/mail'));
  const colour = await frame?.evaluate<string>('getComputedStyle(document.querySelector("p")).color');
  assert.equal(colour, 'rgb(255, 0, 0)', 'the own style of a mail counts');
  assert.equal(await page.locator('iframe').getAttribute('sandbox'), 'allow-popups allow-popups-to-escape-sandbox');
  assert.equal(await page.evaluate('window.hacked'), undefined);
  assert.deepEqual(foreign, []);
  await page.getByRole('button', { name: 'Load them this once' }).click();
  await asked.promise;
  assert.match(foreign[0] ?? '', /^https:\/\/evil\.example\/(pixel\.gif|[abc]\.(css|png))$/);
  assert.equal(await page.evaluate('window.hacked'), undefined);
  const { headers } = await page.request
    .get(`${app.url}/operator/v1/outbox/${attack}/${mallory}/mail`)
    .then((response) => ({ headers: response.headers() }));
  assert.match(
    headers['content-security-policy'] ?? '',
    /^default-src 'none'; style-src 'unsafe-inline'; img-src data:;.* sandbox allow-popups allow-popups-to-escape-sandbox$/,
  );
  await page.close();
}

/** A link in a mail opens outside, and the page stays. Row 28 of the traps of the product. */
async function followLink({ context, newPage, open }: Console, { ada, broadcast }: ConsoleWorld): Promise<void> {
  await context.route('https://example.com/**', (route) => route.fulfill({ body: 'An offer' }));
  const page = await newPage('desk');
  await open(page, `/outbox/${broadcast}/${ada}`);
  const opened = page.waitForEvent('popup');
  await page.frameLocator('iframe[title="The mail"]').getByRole('link', { name: 'See it' }).click();
  const popup = await opened;
  await popup.getByText('An offer').waitFor();
  assert.equal(popup.url(), 'https://example.com/offer');
  assert.equal(await popup.evaluate('window.opener'), null);
  assert.equal(new URL(page.url()).pathname, `/outbox/${broadcast}/${ada}`);
  await popup.close();
  await page.close();
}

/** What waits says for what and until when; campaigns have their names, and people their variations. */
async function showWhatWaits({ app, newPage, open }: Console): Promise<void> {
  const { ken, held, until, control, reached } = await givenWaiting(app);
  const page = await newPage('desk');
  const look = async (path: string, name: string, ...texts: (string | RegExp)[]) => {
    await open(page, path);
    for (const text of texts) await page.getByText(text).first().waitFor();
    for (const width of ['phone', 'desk'] as const) {
      await page.setViewportSize(widths[width]);
      assert.equal(await overflowOf(page), 0, `${name} ${width}`);
      assert.deepEqual(await seriousFindings(page), [], `${name} ${width}`);
      await keepPicture(page, `${name}-${widths[width].width}-light`);
    }
  };
  const end = String.raw`(\w{3} )?${until} \(Europe/Vienna\)`;
  await look(
    `/people/${ken}?why=${held}`,
    'why-held',
    new RegExp(`^Ken’s mail is held by quiet hours until ${end}$`),
    /^held by quiet hours until /,
  );
  assert.deepEqual(await page.locator('.gate.hd > span').allTextContents(), [
    ...['', 'Question', 'Then, as recorded', 'Now, as a dry run says'],
  ]);
  assert.equal(await page.getByText('variation mail').count(), 2, 'in the list and in the answer');
  const shown = await page.locator('.id .pairrow').allTextContents();
  for (const attribute of ['first_name"Ken"', 'country"AT"', 'time_zone"Europe/Vienna"'])
    assert.ok(shown.includes(attribute), `${attribute}: ${shown}`);
  await look(`/dispatches/${held}`, 'dispatch-held', 'Held by quiet hours', /Quiet hours hold 1 message until /);
  await page.getByRole('heading', { level: 1, name: 'Autumn offer' }).waitFor();
  await page
    .locator('.peo')
    .getByText(/^held by quiet hours until /)
    .waitFor();
  for (const [path, name] of [
    ['/dispatches', 'dispatches-held'],
    ['/', 'home-held'],
  ] as const) {
    await look(path, name, /^Held by quiet hours until /);
    await page.getByRole('link', { name: 'Autumn offer' }).first().waitFor();
    assert.equal(await page.locator('td').getByText('Sending').count(), 0, name);
  }
  await look(
    '/campaigns/evening',
    'campaign-control',
    ...['50 % of the people, who get nothing', 'to 30 %', 'to 20 %', `${control} in the control group`],
  );
  await page.setViewportSize(widths.phone);
  assert.ok(await page.getByText(`${control} in the control group`).isVisible(), 'also on a phone');
  await page.setViewportSize(widths.desk);
  const { body } = await app.get(`/users/${reached.external_id}/messages?limit=1`);
  await look(`/people/${body.braze_id}`, 'person-variation', `variation ${reached.variation}`);
  // A relay that does not answer.
  await app.givenWorkspace('email: { default_from: hello@acme.example, smtp: { url: "smtp://127.0.0.1:1" } }');
  const email = { app_id: '11111111-1111-4111-8111-111111111111', subject: 'Hello', body: '<p>Hi</p>' };
  await app.post('/messages/send', { external_user_ids: ['ken'], messages: { email } });
  await app.drain();
  await look('/', 'home-relay', /The relay says: .*[^.]\. Next try at /);
  await page.locator('td').getByText('Waiting', { exact: true }).waitFor();
  await page.close();
}
