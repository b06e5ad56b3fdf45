// The builder of audiences: whom a filter describes without each of its parts, and which one keeps everybody out.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Page } from 'playwright-core';
import { startTestApp } from './support/app.ts';
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
import { fillConsole, hostile } from './support/console/world.ts';

const equals = (name: string, value: unknown) => ({
  custom_attribute: { custom_attribute_name: name, comparison: 'equals', value },
});
const days = (name: string) => ({
  custom_attribute: { custom_attribute_name: name, comparison: 'less_than_x_days_ago', value: 2 },
});

test('each part of a filter is counted alone and left out, as separate counts would say', async (t) => {
  const app = await startTestApp(t);
  const attributes = Array.from({ length: 40 }, (_, at) => ({
    external_id: `p${at}`,
    ...(at % 2 === 0 && { plan: 'gold' }),
    ...(at % 3 === 0 && { city: 'Graz' }),
    ...(at % 5 === 0 && { email: `p${at}@example.com` }),
  }));
  await app.post('/users/track', { attributes });
  const viewer = await givenOperator(app, 'viewer');
  const filter = {
    AND: [equals('plan', 'gold'), { OR: [equals('city', 'Graz'), { NOT: { email_available: true } }] }, equals('x', 1)],
  };
  const countOf = async (one: unknown) => {
    const { body } = await viewer.call('POST', 'audience/preview', { filter: one, channels: [] });
    return body.count as number;
  };
  const { status, body } = await viewer.call('POST', 'audience/parts', { filter });
  assert.equal(status, 200, JSON.stringify(body));
  const [gold, either, none] = filter.AND as [object, { OR: object[] }, object];
  const [graz, noMail] = either.OR as [object, object];
  const expected: [string, unknown, unknown][] = [
    ['filter.AND[0]', gold, { AND: [either, none] }],
    ['filter.AND[1]', either, { AND: [gold, none] }],
    ['filter.AND[1].OR[0]', graz, { AND: [gold, noMail, none] }],
    ['filter.AND[1].OR[1]', noMail, { AND: [gold, graz, none] }],
    ['filter.AND[2]', none, { AND: [gold, either] }],
  ];
  assert.equal(body.everybody, 40);
  assert.equal(body.count, 0);
  assert.equal(body.left_over, 0);
  for (const [index, [path, alone, without]] of expected.entries())
    assert.deepEqual(body.parts[index], { path, alone: await countOf(alone), without: await countOf(without) });
  const one = await viewer.call('POST', 'audience/parts', { filter, paths: ['filter.AND[2]'] });
  assert.deepEqual([one.body.parts, one.body.left_over], [[body.parts[4]], 4]);
  const many = { OR: Array.from({ length: 20 }, (_, at) => equals('plan', `p${at}`)) };
  const first = await viewer.call('POST', 'audience/parts', { filter: many });
  assert.deepEqual([first.body.parts.length, first.body.left_over], [12, 8]);
  const refused: [object, RegExp][] = [
    [{}, /^filter: expected an object, got nothing/],
    [{ filter: { AND: [] } }, /^filter\.AND: expected at least one filter/],
    [{ filter: { segment: { segment_id: 'x\0', comparison: 'in' } } }, /^filter\.segment/],
    [{ filter, paths: ['filter'] }, /^paths\[0\]: expected the path of a filter or group/],
    [{ filter, paths: [] }, /^paths: expected an array of 1 to 12 paths/],
    [{ filter, paths: 'filter.AND[0]' }, /^paths: expected an array/],
    [{ filter, more: 1 }, /^more: /],
  ];
  for (const [asked, problem] of refused) {
    const reply = await viewer.call('POST', 'audience/parts', asked);
    assert.equal(reply.status, 400, JSON.stringify(asked));
    assert.match(reply.body.errors[0], problem);
  }
});

test('the builder says which filter keeps everybody out and what it found, and saves, changes and removes a segment', {
  skip: skipWithoutChromium,
}, async (t) => {
  const started = await startConsole(t);
  const { app, newPage, open, complaints } = started;
  await fillConsole(app);
  await app.post('/users/track', {
    attributes: ['chidi', 'bob', 'emil'].map((external_id) => ({
      ...{ external_id, plan: 'gold', country: 'AT', last_order: '26.11.2026', email: `${external_id}@example.com` },
    })),
  });
  const admin = await givenOperator(app, 'admin');
  await signIn(started, admin);
  const filter = {
    AND: [
      equals('plan', 'gold'),
      days('last_order'),
      { attribute: { name: 'country', comparison: 'is_any_of', value: ['AT', 'DE'] } },
    ],
  };
  const wrong: string[] = [];
  for (const width of ['desk', 'phone'] as const) {
    const page = await newPage(width);
    await open(page, '/audiences');
    await page.evaluate(
      ([key, text]) => localStorage.setItem(key ?? '', JSON.stringify({ text, at: 1 })),
      ['audience admin', JSON.stringify(filter, null, 2)],
    );
    await page.getByRole('link', { name: 'New audience' }).click();
    await page.getByRole('heading', { level: 1, name: '0 people fit' }).waitFor();
    await page.getByText('Because of one filter: without last_order there would be 3.').waitFor();
    await page
      .getByText(/last_order is "26\.11\.2026".* less_than_x_days_ago 2 does not hold/)
      .first()
      .waitFor();
    await page.getByRole('heading', { name: 'First 3 of 3' }).waitFor();
    const hot = page.locator('.flt.hot');
    assert.deepEqual(await hot.locator('.n').allTextContents(), ['0', '3']);
    for (const scheme of schemes) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      wrong.push(...(await seriousFindings(page)).map((found) => `${width} ${scheme}: ${found}`));
      await keepPicture(page, `audience-why-${widths[width].width}-${scheme}`);
    }
    assert.equal(await overflowOf(page), 0, width);
    await hot.getByRole('button', { name: 'Remove this filter' }).click();
    await page.getByRole('heading', { level: 1, name: '3 people fit' }).waitFor();
    await page.getByLabel('attribute').first().fill('nobody_has_this');
    await page.getByRole('heading', { level: 1, name: '0 people fit' }).waitFor();
    await page.getByLabel('attribute').first().fill('plan');
    await page.getByRole('heading', { level: 1, name: '3 people fit' }).waitFor();
    if (width === 'desk') await sayWhatIsEmpty(page);
    const id = await saveSegment(page, width);
    const saved = await admin.call('GET', `segments/${id}`);
    assert.deepEqual(
      [saved.body.name, saved.body.filter, saved.body.edited?.by],
      [`${hostile}, ${width}`, { AND: [filter.AND[0], filter.AND[2]] }, 'operator admin'],
    );
    wrong.push(...(await seriousFindings(page)).map((found) => `${width}, a segment: ${found}`));
    assert.equal(await overflowOf(page), 0, `${width}, a segment`);
    await changeAndRemove(page, width);
    assert.equal((await admin.call('GET', `segments/${id}`)).status, 404);
    assert.equal(await page.evaluate('window.hacked'), undefined, 'no name ran');
    await page.close();
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(complaints, []);
});

/** Saves the audience as a segment, after a look at what that changes. Returns its id. */
async function saveSegment(page: Page, width: Width): Promise<string> {
  await page.getByRole('button', { name: 'Save as segment …' }).click();
  const save = page.getByRole('button', { name: 'Save the segment' });
  assert.equal(await save.isDisabled(), true, 'nothing was looked at');
  await page.getByRole('textbox', { name: 'Name' }).fill('Gold plan');
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await page.getByText('name: is the name of').waitFor();
  await page.getByRole('textbox', { name: 'Name' }).fill(`${hostile}, ${width}`);
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await page.locator('dialog[open] .plan li', { hasText: 'create segment' }).waitFor();
  await keepPicture(page, `audience-save-${widths[width].width}`);
  const id = await page.getByRole('textbox', { name: 'Id' }).inputValue();
  await save.click();
  await page.getByText('Saved by operator admin').waitFor();
  assert.equal(new URL(page.url()).pathname, `/audiences/${id}`);
  await page.getByRole('heading', { level: 1, name: '3 people fit' }).waitFor();
  await keepPicture(page, `audience-segment-${widths[width].width}`);
  return id;
}

/** Gives the segment another filter, and removes it. */
async function changeAndRemove(page: Page, width: Width): Promise<void> {
  await page.getByLabel('attribute').first().fill('city');
  await page.getByRole('heading', { level: 1, name: '0 people fit' }).waitFor();
  await page.getByRole('button', { name: 'Save …' }).click();
  await page.getByRole('button', { name: 'Show what would change' }).click();
  await page.locator('dialog[open] .plan li', { hasText: 'change segment' }).getByText(': filter').waitFor();
  await keepPicture(page, `audience-change-${widths[width].width}`);
  await page.getByRole('button', { name: 'Change the segment' }).click();
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Save …' }).waitFor();
  await page.getByRole('button', { name: 'Remove the segment …' }).click();
  await page.getByRole('button', { name: 'Remove the segment', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: '1 segment' }).waitFor();
}

/** Each empty field of each kind of filter is wide enough to see, and says what belongs there. */
async function sayWhatIsEmpty(page: Page): Promise<void> {
  await page.getByRole('button', { name: '+ Filter' }).first().click();
  const kind = page.getByRole('combobox', { name: 'Filter' }).last();
  const row = page.locator('.flt').last();
  const before = await kind.inputValue();
  for (const name of await kind
    .locator('option')
    .evaluateAll((options) => options.map((one) => String(Object(one).value)))) {
    await kind.selectOption(name);
    for (const field of await row.locator('input').all()) {
      const box = await field.boundingBox();
      assert.ok((box?.width ?? 0) >= 48, `${name}: ${box?.width} px`);
      assert.notEqual(await field.getAttribute('placeholder'), '', name);
    }
    if (name === 'purchase_last') {
      assert.equal(await row.getByLabel('product').getAttribute('placeholder'), 'any product');
      await row.getByLabel('product').fill('tea');
      await row.getByLabel('product').fill('');
      await keepPicture(page, 'audience-any-product-1440-dark');
    }
  }
  await kind.selectOption(before);
  await row.getByRole('button', { name: 'Remove this filter' }).click();
}
