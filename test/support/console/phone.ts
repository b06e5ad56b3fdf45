import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { dispatchStates, sendStatuses } from '../../../src/dispatch/plan/states.ts';

/** What pages must say on a phone, although it has less room than a desk, by the name of the page. */
export const phoneSays: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  async home(page) {
    const second = await page.locator('tr.more').allTextContents();
    assert.deepEqual(second, ['6 kept back', '3 kept back'], 'columns that a phone has no room for');
    assert.ok(await page.getByText('6 kept back').isVisible());
  },
  async person(page) {
    const [name, first] = await Promise.all(
      ['Ada Lovelace', 'Messages'].map((heading) => page.getByRole('heading', { name: heading }).boundingBox()),
    );
    assert.ok((name?.y ?? 0) + (name?.height ?? 0) < (first?.y ?? 0), 'who it is comes first');
  },
  async why(page) {
    const passed = page.locator('.gate').filter({ hasText: 'Named once?' }).first();
    const refused = page.locator('.gate.stop').first();
    assert.ok(
      await refused
        .getByText(/^No: unsubscribed from all mails at [\w ]*\d\d:\d\d(:\d\d)?$/)
        .first()
        .isVisible(),
    );
    assert.ok((await heightOf(passed)) < 40, 'a gate without news has one line');
    assert.ok(await page.locator('.gate.after').first().getByText('not asked').last().isVisible());
  },
  async campaign(page) {
    const numbers = page.locator('.variations td');
    assert.equal(await numbers.count(), 6);
    for (const number of await numbers.all()) assert.ok(await number.isVisible());
  },
  async compose(page) {
    await page.getByRole('button', { name: 'Add a message to send it' }).waitFor();
    assert.ok(await page.getByRole('button', { name: 'Add a message to send it' }).isDisabled());
  },
  async dispatches(page) {
    const states = await page.getByRole('combobox', { name: 'State' }).locator('option').allTextContents();
    assert.deepEqual(states, ['all', ...dispatchStates], 'each state can be asked for');
  },
  async dispatch(page) {
    const statuses = await page.getByRole('combobox', { name: 'Status' }).locator('option').allTextContents();
    assert.deepEqual([...statuses].sort(), ['all', ...sendStatuses].sort(), 'each status can be asked for');
  },
};

async function heightOf(locator: Locator): Promise<number> {
  return (await locator.boundingBox())?.height ?? 0;
}
