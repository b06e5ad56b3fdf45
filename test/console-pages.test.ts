// Every page of the console in a real browser, on a real server with real data: at the width of a desk and of a phone, in
// both schemes. `npm run screenshots` keeps the pictures.
import assert from 'node:assert/strict';
import test from 'node:test';
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
import { type ConsoleWorld, fillConsole, hostile } from './support/console/world.ts';

interface PageCase {
  name: string;
  path(world: ConsoleWorld): string;
  /** The heading of the page. */
  heading: RegExp;
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
  { name: 'campaigns', path: () => '/campaigns', heading: /^2 campaigns$/ },
  { name: 'campaign', path: () => '/campaigns/autumn', heading: /^Autumn offer$/ },
  { name: 'compose', path: () => '/compose', heading: /^Compose$/ },
  { name: 'requests', path: () => '/requests', heading: /^1 request in 60 h$/ },
];

test('pages fit their width, break no policy and have no serious finding of axe', {
  skip: skipWithoutChromium,
}, async (t) => {
  const started = await startConsole(t);
  const { app, complaints, newPage, open } = started;
  const world = await fillConsole(app);
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
    for (const { name, path, heading } of pages) {
      await open(page, path(world));
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      await page.locator('[aria-busy]').first().waitFor({ state: 'detached' });
      await look(page, name, width);
    }
    await page.close();
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(complaints, []);
  await findReason(started);
  await refuseHostile(started, world);
});

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

/** Texts and a mail that want to run, or to load something, neither run nor load. */
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
