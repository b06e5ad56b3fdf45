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
  await refuseHostile(started, world);
});

/** Texts and a mail that want to run, or to load something, neither run nor load. */
async function refuseHostile({ app, newPage, open }: Console, { mallory, attack }: ConsoleWorld): Promise<void> {
  const page = await newPage('desk');
  const foreign: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(app.url) && !request.url().startsWith('data:')) foreign.push(request.url());
  });
  const paths = ['/', `/people/${mallory}?why=${attack}`, `/dispatches/${attack}`, `/find#${encodeURIComponent(hostile)}`];
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
  const { headers } = await page.request.get(`${app.url}/operator/v1/outbox/${attack}/${mallory}/mail`).then((response) => ({ headers: response.headers() }));
  assert.match(headers['content-security-policy'] ?? '', /^default-src 'none'; style-src 'unsafe-inline'; img-src data:;.* sandbox allow-popups allow-popups-to-escape-sandbox$/);
  await page.close();
}
