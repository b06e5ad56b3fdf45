// Composing in the console: from the sign-in to the outbox by the newcomer's path, and what the server makes of sends by
// operators and of the upper bound that their broadcasts carry.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Page } from 'playwright-core';
import { startTestApp } from './support/app.ts';
import { skipWithoutChromium } from './support/chromium.ts';
import {
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
import { fillConsole } from './support/console/world.ts';

const GOLD = '44444444-4444-4444-8444-444444444444';
/** Ada, and the half of the twelve others who have the plan. */
const GOLDEN = 7;
const webhook = { url: 'https://example.com/hook', request_method: 'POST', body: 'Hello {{${first_name}}}' };

test('an operator sends once, dry runs leave no record, and a broadcast is not for more people than its bound', async (t) => {
  const app = await startTestApp(t, { startsAt: new Date() });
  await fillConsole(app);
  const sender = await givenOperator(app, 'sender');
  const admin = await givenOperator(app, 'admin');
  const named = { external_user_ids: ['ada', 'nobody'], messages: { webhook } };
  const rehearsed = await sender.call('POST', 'messages/send', { ...named, cresset: { dry_run: true } });
  assert.equal(rehearsed.status, 201);
  assert.deepEqual(rehearsed.body.channels.webhook.would_be_sent, 1);
  const key = { 'idempotency-key': 'one-press' };
  const first = await sender.call('POST', 'messages/send', named, key);
  const again = await sender.call('POST', 'messages/send', named, key);
  assert.deepEqual([first.status, again.status], [201, 201]);
  assert.equal(again.body.dispatch_id, first.body.dispatch_id);
  const { body: audited } = await admin.call('GET', 'audit?limit=20');
  const sends = audited.changes.filter((one: { action: string }) => one.action === 'POST /messages/send');
  assert.deepEqual(
    sends.map(({ subject, operator }: { subject: string; operator: string }) => [subject, operator]),
    [[first.body.dispatch_id, 'sender']],
  );

  const broadcast = (atMost: unknown, more: object = {}) => ({
    ...{ segment_id: GOLD, broadcast: true, messages: { webhook }, cresset: { at_most: atMost } },
    ...more,
  });
  const refused: [string, object, ...string[]][] = [
    [
      '/messages/send',
      broadcast(GOLDEN - 1),
      `cresset.at_most: expected at most ${GOLDEN - 1} people, and ${GOLDEN} fit`,
    ],
    ['/messages/send', broadcast(0), 'cresset.at_most: expected an integer from 1 to 1000000000'],
    [
      '/messages/send',
      { ...named, cresset: { at_most: 9 } },
      'cresset.at_most: needs a broadcast, because named people are counted already',
    ],
    [
      '/messages/send',
      { ...broadcast(GOLDEN), at_most: 9 },
      'at_most: belongs into cresset: { "cresset": { "at_most": … } }',
    ],
    [
      '/messages/schedule/create',
      broadcast(GOLDEN, { schedule: { time: '2040-01-01T00:00:00Z' } }),
      'cresset.at_most: a schedule is counted when it is due, so it has no bound',
    ],
    [
      '/campaigns/trigger/send',
      { campaign_id: 'autumn', broadcast: true, cresset: { at_most: 9 } },
      'cresset.at_most: unknown member; dry_run, delivery, quiet_hours, pace, canary are known',
      'campaign_id: does not name an API-triggered campaign of this workspace, got "autumn"',
    ],
  ];
  for (const [path, body, ...problems] of refused) {
    const answer = await app.post(path, body);
    assert.deepEqual([answer.status, answer.body.errors], [400, problems], path);
  }
  assert.equal((await app.post('/messages/send', broadcast(GOLDEN))).status, 201);
});

/** Findings of axe in both schemes, and what sticks out. Keeps pictures, if they are asked for. */
async function look(page: Page, name: string, width: Width): Promise<string[]> {
  const wrong: string[] = [];
  for (const scheme of schemes) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    wrong.push(...(await seriousFindings(page)).map((found) => `${name} ${width} ${scheme}: ${found}`));
    await keepPicture(page, `${name}-${widths[width].width}-${scheme}`);
  }
  const sticksOut = await overflowOf(page);
  return sticksOut > 0 ? [...wrong, `${name} ${width}: ${sticksOut} px stick out`] : wrong;
}

// Row 26 of the traps of the product.
test('a newcomer signs in, composes, runs it dry, sends it and sees it in the outbox; a broadcast needs its dry run', {
  skip: skipWithoutChromium,
}, async (t) => {
  const started = await startConsole(t);
  const { app, complaints, newPage, open } = started;
  await fillConsole(app);
  const operator = await givenOperator(app, 'sender', 'dana@example.com');
  const wrong: string[] = [];
  const page = await newPage('desk');
  await open(page, '/');
  await page.getByLabel('Name').fill(operator.name);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Compose' }).waitFor();
  await page.keyboard.press('c');
  await page.getByRole('heading', { name: 'Compose' }).waitFor();

  await page.getByLabel('To', { exact: true }).fill('ada zoe');
  await page.keyboard.press('Enter');
  await page.getByLabel('Add a channel').selectOption('webhook');
  await page.getByRole('textbox', { name: 'URL' }).fill('hook');
  const editor = page.getByRole('textbox', { name: 'The request as JSON' });
  await editor.click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.type('"reply_too": 12345678901234567890,');
  assert.equal(new URL(page.url()).pathname, '/compose', 'keys within the editor go nowhere');
  await page.keyboard.press('Control+Enter');
  await page.locator('.dock .refusal').waitFor();
  wrong.push(...(await look(page, 'compose-refused', 'desk')));
  assert.match(await editor.innerText(), /messages\.webhook\.url: /, 'the mistake stands at its line');
  assert.equal(await page.getByRole('button', { name: /^Send/ }).isDisabled(), true);

  await page.getByRole('textbox', { name: 'URL' }).fill(webhook.url);
  await page.getByLabel('Body').fill(webhook.body);
  await page.locator('.dock').getByText('Not run since the last edit.').waitFor();
  await page.keyboard.press('Control+Enter');
  await page.locator('.dock').getByText('1 would get it').waitFor();
  assert.match(
    await page.locator('.dock').innerText(),
    /Dry run, 2 people:\s*1 would get it\s*1 would not\s*zoe: no such person/,
  );
  assert.match(await editor.innerText(), /"reply_too": 12345678901234567890,[\s\S]*reply_too: not known, ignored/);
  await page.getByRole('article', { name: 'Webhook' }).getByText('Hello Ada').waitFor();
  await page.getByRole('heading', { name: 'Empty profile 1 gap' }).waitFor();
  await page.route('**/messages/preview', (route) => route.fulfill({ status: 400, json: { message: 'Broken.' } }));
  await page.keyboard.press('Control+Enter');
  await page.getByRole('heading', { name: 'Empty profile', exact: true }).waitFor();
  await page.getByRole('alert').getByText('Broken.').waitFor();
  await page.unroute('**/messages/preview');
  await page.keyboard.press('Control+Enter');
  await page.getByRole('heading', { name: 'Empty profile 1 gap' }).waitFor();
  wrong.push(...(await look(page, 'compose-run', 'desk')));
  await page.getByRole('button', { name: 'Test send …' }).click();
  const seeds = page.getByRole('dialog', { name: 'Send it to a few people first' });
  await seeds.getByLabel('External ids').fill('person-1 person-2, person-1');
  wrong.push(...(await look(page, 'compose-seeds', 'desk')));
  await seeds.getByRole('button', { name: 'Send a test to 2 people' }).click();
  const test = await seeds.getByRole('link', { name: 'the dispatch' }).getAttribute('href');
  await app.drain();
  const tested = await app.get(`${test}/recipients`);
  assert.deepEqual(
    tested.body.recipients.map((one: Record<string, unknown>) => [one.external_id, one.channel, one.status]).sort(),
    [
      ['person-1', 'webhook', 'sent'],
      ['person-2', 'webhook', 'sent'],
    ],
  );
  await seeds.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'As a test' }).click();
  const code = await page.locator('dialog[open] pre').innerText();
  assert.match(
    code,
    /channel: 'webhook', externalId: 'ada', dispatchId/,
    'test/testing-double.test.ts runs such a test',
  );
  await keepPicture(page, 'compose-as-test-1440-light');
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByLabel('Preview as the person').fill('person-1');
  await page.keyboard.press('Enter');
  await page.getByText('Hello Cleo').waitFor();
  await page.keyboard.press('Control+Shift+Enter');
  await page.getByRole('dialog').getByText('nobody outside gets anything').waitFor();
  wrong.push(...(await look(page, 'compose-confirm', 'desk')));
  await page.getByRole('dialog').getByRole('button', { name: 'Send 1 message to the sandbox' }).click();
  await page.waitForURL(/\/dispatches\/[0-9a-f]{32}$/);
  await app.drain();
  await page.getByRole('link', { name: 'Outbox' }).click();
  await page
    .getByRole('main')
    .getByRole('link', { name: /^Ada Lovelace/ })
    .first()
    .click();
  await page.getByText('Hello Ada').first().waitFor();
  await page.close();

  const phone = await newPage('phone');
  await signIn(started, operator);
  await open(phone, '/');
  await open(phone, '/audiences/new');
  await phone.getByRole('button', { name: 'Write to them' }).click();
  await phone.getByLabel('Filter').filter({ hasText: 'email_available' }).waitFor();
  await open(phone, `/audiences/${GOLD}`);
  await phone.getByRole('button', { name: 'Write to them' }).click();
  await phone.getByRole('heading', { level: 1, name: 'Compose' }).waitFor();
  assert.equal(await phone.getByLabel('Everybody in').inputValue(), GOLD, 'it takes the place of the filter');
  assert.equal(await phone.getByLabel('Filter').count(), 0);
  await phone.getByLabel('Add a channel').selectOption('apple_push');
  await phone.getByLabel('Title').fill('Autumn');
  await phone
    .getByLabel('Text', { exact: true })
    .fill(
      'An offer for {{${first_name}}}, {{custom_attribute.${the_offer_of_this_autumn}}} and {{custom_attribute.${the_offer_of_last_autumn}}}',
    );
  await phone.getByText('A broadcast needs a dry run of this text first.').waitFor();
  await phone.getByRole('button', { name: 'Dry run' }).click();
  await phone.getByRole('button', { name: `Send to at most ${GOLDEN} people, in the sandbox …` }).waitFor();
  wrong.push(...(await look(phone, 'compose-broadcast', 'phone')));
  await app.post('/users/track', { attributes: [{ external_id: 'late', plan: 'gold' }] });
  await phone.getByRole('button', { name: /^Send to at most/ }).click();
  await phone
    .getByRole('dialog')
    .getByRole('button', { name: /^Send to at most/ })
    .click();
  await phone.getByText(`cresset.at_most: expected at most ${GOLDEN} people, and ${GOLDEN + 1} fit`).waitFor();
  await phone.close();
  assert.deepEqual(wrong, []);
  assert.deepEqual(complaints, []);
});
