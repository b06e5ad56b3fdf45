import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { variables } from './config.ts';
import { configurationFile, configurationPage } from './configuration-page.ts';

test('docs/configuration.md is what the schema says (node scripts/run.mjs src/configuration-page.ts writes it)', () => {
  assert.equal(readFileSync(configurationFile, 'utf8'), configurationPage());
});

test('every variable has a row', () => {
  for (const { name } of Object.values(variables))
    assert.match(configurationPage(), new RegExp(`^\\| \`${name}\` \\|`, 'm'));
});
