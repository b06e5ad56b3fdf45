import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { pageWith, type Report, runRow } from './report.ts';

const report = (change: Partial<Report>): Report => ({
  ...{ scenario: 'kills', seed: 1, delivery: 'at_least_once', channel: 'both', people: 100, kills: 20 },
  ...{ command: 'chaos', date: '2026-11-25', commit: 'abc', machine: '2 × Z80, 24 GiB' },
  ...{ events: [], notes: [], channels: [], duplicates: [], problems: [] },
  ...change,
});

const head =
  '| scenario | seed | mode | channel | people | kills | lost | doubled | window | unknown | books | date, commit, machine |';
const rowsOf = (page: string) => page.match(/^\| (kills|outage) .*/gm) ?? [];

test('a row sums up the books of a run', () => {
  const books = { audience: 100, rows: 100, reached: 48, lost: 1, duplicates: 0 };
  const row = runRow(
    report({
      people: 100_000,
      channels: [
        { ...books, channel: 'apple_push', statuses: { sent: 48, unknown: 2 } },
        { ...books, channel: 'email', statuses: { sent: 48, unknown: 1_200 } },
      ],
      duplicates: [
        { channels: ['apple_push', 'android_push'], count: 1_936, most: 50_000 },
        { channels: ['email'], count: 205, most: 10_000 },
      ],
      problems: ['email: 1 are lost (p|1)', '2 tasks are left'],
    }),
  );
  assert.equal(
    row,
    '| kills | 1 | at_least_once | both | 100,000 | 20 | 2 | 1,936 push, 205 email | 50,000 push, 10,000 email | 1,202 ' +
      '| **do not balance**: email: 1 are lost (p\\|1); 2 tasks are left | 2026-11-25, abc, 2 × Z80, 24 GiB |',
  );
});

test('a saved run takes the place of its older row and leaves the rest of the page', () => {
  const empty = `# Chaos\n\nWritten by hand.\n\n${head}\n|---|---|---|---|---|---|---|---|---|---|---|---|\n\nAlso by hand.\n`;
  const runs = [{ seed: 10 }, { scenario: 'outage' }, { seed: 2 }, { seed: 2, delivery: 'at_most_once' as const }];
  const page = runs.reduce((text, run) => pageWith(text, report(run)), empty);
  assert.deepEqual(
    rowsOf(page).map((row) => row.split(' | ').slice(0, 3).join(' | ')),
    [
      '| kills | 2 | at_least_once',
      '| kills | 2 | at_most_once',
      '| kills | 10 | at_least_once',
      '| outage | 1 | at_least_once',
    ],
  );
  const updated = pageWith(page, report({ scenario: 'outage', problems: ['2 tasks are left'] }));
  assert.equal(rowsOf(updated).length, 4);
  assert.match(updated, /^\| outage \|.*\*\*do not balance\*\*: 2 tasks are left/m);
  assert.match(updated, /^# Chaos\n\nWritten by hand\.\n\n\| scenario \|.*\|\n\nAlso by hand\.\n$/s);
});

test('a page without the table gets it', () => {
  assert.equal(rowsOf(pageWith('', report({}))).length, 1);
  assert.match(pageWith('# Chaos\n', report({})), /^# Chaos\n\n\| scenario \|/);
});

test('docs/chaos.md has the table, and every row is one that a run would replace', () => {
  const page = readFileSync(new URL('../docs/chaos.md', import.meta.url), 'utf8');
  assert.ok(page.includes(head));
  const rows = page.match(/^\| (kills|freeze|outage|pause) \|.*/gm) ?? [];
  assert.ok(rows.length > 0);
  const [first = ''] = rows;
  const [, scenario = '', seed, delivery, channel, people, kills] = first.split(/ ?\| /);
  const replaced = pageWith(
    page,
    report({
      ...{ scenario, seed: Number(seed), delivery: delivery as Report['delivery'] },
      ...{ channel: channel as Report['channel'], people: Number(people?.replaceAll(',', '')), kills: Number(kills) },
    }),
  );
  assert.equal(replaced.match(/^\| (kills|freeze|outage|pause) \|.*/gm)?.length, rows.length);
});
