import assert from 'node:assert/strict';
import test from 'node:test';
import { type TroubleKind, troubleOf } from './trouble.ts';
import { WriteWatch } from './write-watch.ts';

const refuse = (code: string) => Object.assign(new Error('refused'), { code });

const expected: [string, TroubleKind | undefined][] = [
  ['08006', 'unreachable'],
  ['57P01', 'unreachable'],
  ['ECONNREFUSED', 'unreachable'],
  ['25006', 'read_only'],
  ['53100', 'disk_full'],
  ['53200', 'out_of_memory'],
  ['53300', 'too_many_connections'],
  ['53400', 'short_of_resources'],
  ['58030', 'io_error'],
  ['23505', undefined],
  ['57014', undefined],
  ['ERR_ASSERTION', undefined],
];
for (const [code, kind] of expected)
  test(`${code} is ${kind ?? 'no trouble of the database'}`, () => assert.equal(troubleOf(refuse(code))?.kind, kind));

test('what is no error at all is no trouble', () => {
  for (const value of [undefined, null, 'no', {}, { code: 53100 }]) assert.equal(troubleOf(value), null);
});

test('a refusal is told once, and its end when a write succeeds and not when something is read', () => {
  const told: (string | null)[] = [];
  const watch = new WriteWatch({ calmMs: 0, onChange: (refusal) => told.push(refusal?.kind ?? null) });
  watch.succeeded('insert into sends …');
  watch.failed(refuse('53100'));
  watch.failed(refuse('53100'));
  watch.failed(refuse('23505'));
  watch.failed(refuse('08006'));
  watch.succeeded('select 1 from sends');
  assert.deepEqual(told, ['disk_full']);
  assert.equal(watch.refusal?.said, 'has no room left on its disk');
  watch.failed(refuse('25006'));
  watch.succeeded('with x as (update sends s set …');
  assert.deepEqual(told, ['disk_full', 'read_only', null]);
  assert.equal(watch.refusal, null);
});

test('writes that succeed among others that are refused do not end it', () => {
  const told: (string | null)[] = [];
  const watch = new WriteWatch({ calmMs: 60_000, onChange: (refusal) => told.push(refusal?.kind ?? null) });
  watch.failed(refuse('53100'));
  watch.succeeded('update tasks …');
  assert.deepEqual(told, ['disk_full']);
});
