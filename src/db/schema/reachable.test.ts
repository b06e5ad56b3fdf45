// How a PostgreSQL elsewhere is reached: with TLS, and not through a pooler. Rows 48 and 49 of the traps of the product.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { testCertificate } from '../../../rig/certificate.ts';
import { temporaryFolder } from '../../../test/support/command-line.ts';
import { testDatabase } from '../../../test/support/database.ts';
import { dropsOptions, refusesOptions, startFront } from '../../../test/support/database-front.ts';
import { makeCertificate } from '../../simulate/certificate.ts';
import { connect } from '../database.ts';
import { sql } from '../sql.ts';
import { migrate } from './migrate.ts';

const refused = (message: RegExp | string) => ({ name: 'DatabaseUnusableError', message });

test('sslmode says whether the certificate of the database is checked, and a refusal names what to set', async (t) => {
  const database = await testDatabase(t);
  const tls = makeCertificate();
  const authority = join(temporaryFolder(t), 'ca.pem');
  writeFileSync(authority, tls.cert);
  const front = await startFront(database, { tls });
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on('warning', warn);
  t.after(() => process.off('warning', warn));

  for (const sslmode of ['prefer', 'require', 'verify-ca', 'verify-full']) {
    await assert.rejects(
      migrate(front.url({ sslmode })),
      refused(
        /^The certificate of the database is not accepted: self-signed certificate\. Name the file of its authority in DATABASE_URL, as sslrootcert=.*sslmode=no-verify/,
      ),
      sslmode,
    );
    assert.deepEqual(await migrate(front.url({ sslmode, sslrootcert: authority })), [], sslmode);
  }
  assert.deepEqual(await migrate(front.url({ sslmode: 'no-verify' })), []);
  const encrypted = connect({ url: front.url({ sslmode: 'require', sslrootcert: authority }), max: 1 });
  assert.deepEqual({ ...(await encrypted.one(sql`select 1 as one`)) }, { one: 1 });
  await encrypted.close();
  await assert.rejects(
    migrate(front.url({ sslmode: 'verify-full', sslrootcert: join(authority, 'nowhere') })),
    refused(/^The database cannot be used: E.*ca\.pem\/nowhere.*Check DATABASE_URL\.$/),
  );
  const elsewhere = join(temporaryFolder(t), 'ca.pem');
  writeFileSync(elsewhere, testCertificate.cert);
  const other = await startFront(database, { tls: testCertificate });
  await assert.rejects(
    migrate(other.url({ sslmode: 'require', sslrootcert: elsewhere })),
    refused(/^The certificate of the database is not accepted: Hostname\/IP does not match/),
  );
  const plain = await startFront(database);
  assert.deepEqual(await migrate(plain.url({ sslmode: 'disable' })), []);
  await assert.rejects(
    migrate(plain.url({ sslmode: 'require' })),
    refused(/^The database offers no TLS, and sslmode in DATABASE_URL asks for it\. .*sslmode=disable\.$/),
  );
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(warnings, []);
});

for (const [what, begin] of [
  ['refuses', refusesOptions],
  ['drops', dropsOptions],
] as const)
  test(`a pooler that ${what} settings of a session is named, because notices would be lost in it`, async (t) => {
    const front = await startFront(await testDatabase(t), { begin });
    await assert.rejects(
      migrate(front.url()),
      refused(
        /^DATABASE_URL leads to a pooler, such as PgBouncer\. .*Name PostgreSQL itself, with its own host and port\.$/,
      ),
    );
  });
