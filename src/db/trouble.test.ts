import assert from 'node:assert/strict';
import test from 'node:test';
import { levelOf, type TroubleKind, troubleOf } from './trouble.ts';

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

test('a connection that ended without a word of the server is trouble of the database', () => {
  for (const said of ['Connection terminated unexpectedly', 'Client was closed and is not queryable'])
    assert.equal(troubleOf(new Error(said))?.kind, 'unreachable', said);
  assert.equal(troubleOf(new Error('Connection terminated by a typo of ours')), null);
});

test('a value that is not an error is no trouble', () => {
  for (const value of [undefined, null, 'no', {}, { code: 53100 }]) assert.equal(troubleOf(value), null);
});

test('a state of the database is logged where it begins, not with each try; what may be news is an error', () => {
  const wrapped = new Error('a statement failed', { cause: refuse('25006') });
  const levels = [refuse('25006'), wrapped, refuse('53100'), refuse('08006'), refuse('23505'), new Error('?')].map(
    levelOf,
  );
  assert.deepEqual(levels, ['debug', 'debug', 'debug', 'error', 'error', 'error']);
});
