import assert from 'node:assert/strict';
import test from 'node:test';
import { pageWith, type Report } from './report.ts';

const report = (name: string, problems: string[] = []): Report => ({
  ...{ name, command: 'chaos', date: '2026-11-25', commit: 'abc', events: [], notes: [], duplicates: [], problems },
  channels: [],
});

test('a report takes the place of the older one of its name and leaves the others', () => {
  const page = ['kills, seed 2', 'outage', 'kills, seed 1'].reduce((text, name) => pageWith(text, report(name)), '');
  const updated = pageWith(page, report('outage', ['2 tasks are left']));
  assert.deepEqual(updated.match(/^## .*/gm), ['## kills, seed 1', '## kills, seed 2', '## outage']);
  assert.match(updated, /^# Chaos\n/);
  assert.equal(updated.match(/2 tasks are left/g)?.length, 1);
  assert.equal(page.match(/\*\*The books balance\.\*\*/g)?.length, 3);
  assert.equal(updated.match(/\*\*The books balance\.\*\*/g)?.length, 2);
});
