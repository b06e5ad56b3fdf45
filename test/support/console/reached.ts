// The console as it is reached elsewhere than at the root of the server that built it: below a path, by HTTP where HTTPS is
// meant, and from a tab that an upgrade has left behind. Rows 23, 34 and 35 of the traps of the product.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { startTestApp } from '../app.ts';
import { type Console, givenOperator, PASSWORD, signIn } from './console.ts';

const PATH = '/cresset';

/** A proxy that serves a server below a path, and takes the path away. `target`: the URL of the server, once there is one. */
async function startProxy(t: TestContext, target: () => string): Promise<string> {
  const proxy = createServer((request, response) => {
    const { url = '', method, headers } = request;
    if (!url.startsWith(`${PATH}/`)) return void response.writeHead(404).end();
    const asked = httpRequest(target() + url.slice(PATH.length), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.on('error', () => response.destroy());
    response.on('close', () => asked.destroy());
    request.pipe(asked);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

async function fillIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
}

/** Assets, calls, the stream and links stay below the path at which operators reach the server. */
export async function servedBelowPath({ newPage }: Console, t: TestContext): Promise<void> {
  let target = '';
  const publicUrl = `${await startProxy(t, () => target)}${PATH}`;
  const app = await startTestApp(t, { startsAt: new Date(), publicUrl });
  target = app.url;
  await givenOperator(app, 'viewer', 'below');
  const page = await newPage('desk');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(`${publicUrl}/`);
  await fillIn(page, 'below');
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Campaigns' }).click();
  await page.getByRole('heading', { level: 1, name: /campaigns?$/ }).waitFor();
  assert.equal(page.url(), `${publicUrl}/campaigns`);
  await page.reload();
  await page.getByRole('heading', { level: 1, name: /campaigns?$/ }).waitFor();
  assert.deepEqual(
    asked.filter((url) => !url.startsWith(`${publicUrl}/`) && !url.startsWith('data:')),
    [],
  );
  assert.ok(asked.some((url) => url.startsWith(`${publicUrl}/assets/`)));
  await page.close();
}

/** A browser drops the cookie of a server that is reached by HTTPS when its page came by HTTP. The page says so. */
export async function signsInWithoutTls({ newPage }: Console, t: TestContext): Promise<void> {
  const app = await startTestApp(t, { startsAt: new Date(), publicUrl: 'https://cresset.example.com' });
  await givenOperator(app, 'viewer', 'plain');
  const page = await newPage('desk');
  await page.goto(`http://plain.test:${new URL(app.url).port}/`);
  await fillIn(page, 'plain');
  await page.getByRole('alert').getByText('The browser did not keep the session').waitFor();
  await page.close();
}

/** A tab whose release is gone loads the new one by itself, once, and then says what is wrong. */
export async function reloadsOldTab(started: Console): Promise<void> {
  const { app, newPage, open } = started;
  await signIn(started, await givenOperator(app, 'viewer', 'old-tab'));
  const page = await newPage('desk');
  const known = new Set<string>();
  let isUpgraded = false;
  let staysBroken = false;
  let loads = 0;
  await page.route('**/assets/**', (route) => {
    const url = route.request().url();
    if (isUpgraded && !known.has(url)) return route.fulfill({ status: 404, json: { message: 'Not Found' } });
    known.add(url);
    return route.continue();
  });
  page.on('request', (request) => {
    if (!request.isNavigationRequest()) return;
    loads += 1;
    isUpgraded = staysBroken; // The new page asks for the chunks of the new release.
  });
  await open(page, '/');
  await page.getByRole('heading', { level: 1, name: /wrong/ }).waitFor();
  loads = 0;
  isUpgraded = true;
  await page.getByRole('link', { name: 'Campaigns' }).click();
  await page.getByRole('heading', { level: 1, name: /campaigns?$/ }).waitFor();
  assert.equal(loads, 1);

  isUpgraded = true;
  staysBroken = true;
  await page.getByRole('link', { name: 'Requests' }).click();
  await page.getByRole('heading', { name: 'This page failed' }).waitFor();
  await page.getByRole('alert').getByText('A part of this page could not be loaded').waitFor();
  assert.equal(loads, 2, 'it does not reload for ever');
  staysBroken = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { level: 1, name: /requests? in/ }).waitFor();
  await page.close();
}
