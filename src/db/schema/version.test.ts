import assert from 'node:assert/strict';
import test from 'node:test';
import { refuseOldServer, versionText } from './version.ts';

test('a version number is written as PostgreSQL writes it', () => {
  assert.deepEqual([150_013, 180_000, 90_624].map(versionText), ['15.13', '18.0', '9.6.24']);
});

test('15 and newer is accepted, older is refused', () => {
  for (const number of [150_000, 150_013, 160_004, 190_000]) refuseOldServer(number);
  for (const number of [149_999, 140_018, 90_624])
    assert.throws(() => refuseOldServer(number), /^DatabaseUnusableError: The database is PostgreSQL /);
});
