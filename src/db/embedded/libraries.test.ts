import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { linkLibraries } from './libraries.ts';

function packageWith(t: TestContext, links: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-libraries-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'native', 'lib'), { recursive: true });
  writeFileSync(join(folder, 'native', 'lib', 'libpq.so.5.18'), 'a library');
  writeFileSync(join(folder, 'native', 'pg-symlinks.json'), JSON.stringify(links));
  return folder;
}

// Row 10 of the traps of the product.
test('links that an install without scripts left out are made, relative, and a second time nothing happens', (t) => {
  const source = 'native/lib/libpq.so.5.18';
  const folder = packageWith(t, [{ source, target: 'native/lib/libpq.so' }]);
  linkLibraries(folder);
  linkLibraries(folder);
  assert.equal(readFileSync(join(folder, 'native/lib/libpq.so'), 'utf8'), 'a library');
  assert.equal(readlinkSync(join(folder, 'native/lib/libpq.so')), 'libpq.so.5.18');
});

test('a list that leads out of the package makes no link', (t) => {
  const folder = packageWith(t, [{ source: 'native/lib/libpq.so.5.18', target: '../outside' }]);
  assert.throws(() => linkLibraries(folder), /pg-symlinks\.json: expected a list of links inside its package/);
});

test('a link that cannot be made is named, with what to do', (t) => {
  const folder = packageWith(t, [{ source: 'native/lib/libpq.so.5.18', target: 'native/no-folder/libpq.so' }]);
  assert.throws(
    () => linkLibraries(folder),
    /PostgreSQL lacks the link .*native\/no-folder\/libpq\.so.*\(ENOENT\)\. .*set DATABASE_URL/,
  );
});
