import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { isDataError, isSqlstate, type SqlstateName, sqlstateOf, sqlstates } from './sqlstates.ts';

const refuse = (code: unknown) => Object.assign(new Error('refused'), { code });

const expected: [string, SqlstateName[]][] = [
  ['08006', ['connection_exception']],
  ['22012', ['data_exception']],
  ['2201B', ['data_exception', 'invalid_regular_expression']],
  ['23514', ['integrity_constraint_violation']],
  ['23503', ['integrity_constraint_violation', 'foreign_key_violation']],
  ['23505', ['integrity_constraint_violation', 'unique_violation']],
  ['25006', ['read_only_sql_transaction']],
  ['25001', []],
  ['28P01', ['invalid_authorization']],
  ['3D000', ['invalid_catalog_name']],
  ['40001', ['serialization_failure']],
  ['40P01', ['deadlock_detected']],
  ['53100', ['insufficient_resources', 'disk_full']],
  ['53200', ['insufficient_resources', 'out_of_memory']],
  ['53300', ['insufficient_resources', 'too_many_connections']],
  ['53400', ['insufficient_resources']],
  ['55P03', ['lock_not_available']],
  ['57014', ['query_canceled']],
  ['57P01', ['shutdown']],
  ['58030', ['io_error']],
  ['58P01', []],
];
for (const [code, names] of expected)
  test(`${code} is ${names.join(' and ') || 'nothing that we act on'}`, () => {
    const all = Object.keys(sqlstates) as SqlstateName[];
    assert.deepEqual(
      all.filter((name) => isSqlstate(refuse(code), name)),
      names,
    );
    assert.equal(isSqlstate(refuse(code), ...all), names.length > 0);
  });

test('only classes 22 and 23 are the fault of the data', () => {
  const faults = expected.map(([code]) => code).filter((code) => isDataError(refuse(code)));
  assert.deepEqual(faults, ['22012', '2201B', '23514', '23503', '23505']);
});

test('an error that is not from PostgreSQL has no code', () => {
  const codes = ['ECONNREFUSED', 'EPIPE', 'ERR_ASSERTION'].map(refuse);
  for (const value of [undefined, null, 'no', {}, { code: 53100 }, ...codes]) assert.equal(sqlstateOf(value), '');
});

test('no other file contains a code', () => {
  const codes = Object.values(sqlstates).map(({ code }) => code);
  const whole = codes.filter((code) => code.length === 5);
  const named = globSync('src/**/*.ts')
    .filter((file) => !file.endsWith('.test.ts') && !file.endsWith('db/sqlstates.ts'))
    .filter((file) => whole.some((code) => new RegExp(`['"/^]${code}['"/$]`).test(readFileSync(file, 'utf8'))));
  assert.deepEqual(named, []);
});
