// Pages that hear what changes: in a browser, with the stream, without it, and in more tabs than there are streams. Then the
// ways in which a console is reached elsewhere than at the root of its server.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Page } from 'playwright-core';
import { sql } from '../src/db/sql.ts';
import { skipWithoutChromium } from './support/chromium.ts';
import { type Console, givenOperator, signIn, startConsole } from './support/console/console.ts';
import { reloadsOldTab, servedBelowPath, signsInWithoutTls } from './support/console/reached.ts';
import { fillConsole } from './support/console/world.ts';

const webhook = { url: 'https://example.com/hook', request_method: 'POST', body: 'Hello' };

/** Lets the server look until the page shows what is waited for. */
async function shown({ app }: Console, waited: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  waited.then(over, over);
  while (!isOver) {
    app.clock.advance(500);
    await app.db.query(sql`select 1`);
  }
  await waited;
}

function asked(page: Page, path: string): string[] {
  const urls: string[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).pathname.endsWith(path)) urls.push(request.url());
  });
  return urls;
}

test('a page shows what changes without asking again and again, and says when it cannot hear', {
  skip: skipWithoutChromium,
}, async (t) => {
  const started = await startConsole(t);
  const { app, newPage, open, complaints } = started;
  await fillConsole(app);
  const viewer = await givenOperator(app, 'viewer');
  await signIn(started, viewer);
  const page = await newPage('desk');
  await open(page, '/dispatches');
  await page.getByText('Live', { exact: true }).waitFor();
  const rows = page.locator('tbody tr');
  const before = await rows.count();
  const lists = asked(page, '/operator/v1/dispatches');
  await app.post('/messages/send', { external_user_ids: ['ada'], messages: { webhook } });
  await shown(started, rows.nth(before).waitFor());
  assert.ok(lists.length > 0 && lists.length < 10, `${lists.length} questions`);

  // The server ends the stream of a session that is over, and the page asks to sign in again.
  const admin = await givenOperator(app, 'admin');
  await admin.call('DELETE', `sessions/${viewer.sessionId}`);
  await shown(started, page.getByRole('heading', { name: 'Sign in' }).waitFor());
  assert.deepEqual(complaints, []);
  await page.close();
  await sevenTabs(started);
  await badGateway(started);
  await reloadsOldTab(started);
  await servedBelowPath(started, t);
  await signsInWithoutTls(started, t);
});

/** Seven tabs at once, of which a browser would otherwise give one no connection. Row 16 of the traps of the product. */
async function sevenTabs(started: Console): Promise<void> {
  const { app, newPage, open } = started;
  await signIn(started, await givenOperator(app, 'viewer', 'seven'));
  const pages: Page[] = [];
  for (let tab = 0; tab < 7; tab += 1) {
    const page = await newPage('desk');
    await open(page, '/dispatches');
    await page.locator('tbody tr').first().waitFor();
    pages.push(page);
  }
  await pages[0]?.getByText('Live', { exact: true }).waitFor();
  const words = await Promise.all(pages.map((page) => page.locator('.top .live').textContent()));
  const live = words.filter((word) => word === 'Live').length;
  assert.ok(live >= 1 && live <= 3, words.join(', '));
  for (const page of pages) {
    await page.reload();
    await page.locator('tbody tr').first().waitFor();
  }
  await Promise.all(pages.map((page) => page.close()));
}

/** A proxy answers 502 while the server restarts; the page comes back by itself. Row 17 of the traps of the product. */
async function badGateway(started: Console): Promise<void> {
  const { app, newPage, open } = started;
  await signIn(started, await givenOperator(app, 'viewer', 'gateway'));
  const page = await newPage('desk');
  let isAway = true;
  await page.route('**/operator/v1/events', (route) => (isAway ? route.fulfill({ status: 502 }) : route.continue()));
  await open(page, '/dispatches');
  await page.getByText('Reconnecting').waitFor();
  await page.locator('tbody tr').first().waitFor();
  const again = page.waitForRequest((request) => new URL(request.url()).pathname === '/operator/v1/dispatches');
  isAway = false;
  await page.getByText('Live', { exact: true }).waitFor();
  await again; // What it may have missed.
  await page.close();
}
