// Every page of the console in a real browser, on a real server with real data: at the width of a desk and of a phone, in
// both schemes. `npm run screenshots` keeps the pictures.
import assert from 'node:assert/strict';
import test from 'node:test';
import { skipWithoutChromium } from './support/chromium.ts';
import {
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
import { type ConsoleWorld, fillConsole } from './support/console/world.ts';

interface PageCase {
  name: string;
  path(world: ConsoleWorld): string;
  /** The heading of the page. */
  heading: RegExp;
}

const pages: readonly PageCase[] = [
  { name: 'home', path: () => '/', heading: /^Nothing is wrong$/ },
  { name: 'find', path: () => '/find#autumn', heading: /^1 match for autumn$/ },
  { name: 'find-nothing', path: () => '/find#zzz', heading: /^Nothing is called zzz$/ },
  { name: 'dispatches', path: () => '/dispatches', heading: /^Dispatches$/ },
  { name: 'dispatch', path: ({ named }) => `/dispatches/${named}`, heading: /^Dispatch without a campaign$/ },
  { name: 'people', path: () => '/people', heading: /^People$/ },
  { name: 'person', path: ({ ada }) => `/people/${ada}`, heading: /^Ada Lovelace$/ },
  { name: 'why', path: ({ kept, named }) => `/people/${kept}?why=${named}`, heading: /^Ben$/ },
  { name: 'outbox', path: () => '/outbox', heading: /^Outbox$/ },
  { name: 'outbox-message', path: ({ ada, broadcast }) => `/outbox/${broadcast}/${ada}`, heading: /^Outbox$/ },
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
      await page.waitForFunction('document.querySelector("[aria-busy]") === null');
      await look(page, name, width);
    }
    await page.close();
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(complaints, []);
});
