import assert from 'node:assert/strict';
import test from 'node:test';
import { pageWith, type Section } from './page.ts';

const order = ['accept', 'idle', 'email'];
const section = (name: string, value: string): Section => ({
  name,
  command: `bench -- ${name}`,
  date: '2026-03-15',
  commit: 'abc1234',
  figures: [{ what: `most of ${name}`, value, bar: '5/s', holds: value !== '4/s' }],
});

test('a section replaces the older one with its name, in the order of the benches', () => {
  const first = pageWith('', [section('email', '1/s'), section('accept', '4/s')], order);
  const second = pageWith(first, [section('idle', '2/s'), section('accept', '6/s')], order);
  assert.deepEqual(second.match(/^## .*|^\| most .*/gm), [
    ...['## accept', '| most of accept | 6/s | 5/s | yes |'],
    ...['## idle', '| most of idle | 2/s | 5/s | yes |'],
    ...['## email', '| most of email | 1/s | 5/s | yes |'],
  ]);
  assert.match(first, /\| 4\/s \| 5\/s \| \*\*no\*\* \|/);
  assert.equal(pageWith(second, [], order), second);
});

test('the section of a bench that no longer exists is removed', () => {
  const page = pageWith('', [section('accept', '6/s')], order);
  assert.doesNotMatch(pageWith(page, [section('idle', '2/s')], ['idle']), /accept/);
});

test('a run of another size has its own section beside the usual one', () => {
  const page = pageWith(
    '',
    [section('accept of 10m', '7/s'), section('accept', '6/s'), section('email', '1/s')],
    order,
  );
  const again = pageWith(page, [section('accept of 10m', '8/s')], order);
  assert.deepEqual(again.match(/^## .*|^\| most .*/gm), [
    ...['## accept of 10m', '| most of accept of 10m | 8/s | 5/s | yes |'],
    ...['## accept', '| most of accept | 6/s | 5/s | yes |'],
    ...['## email', '| most of email | 1/s | 5/s | yes |'],
  ]);
});
