import assert from 'node:assert/strict';
import test from 'node:test';
import { variables } from '../../src/config.ts';
import { configurationPage } from './configuration.ts';

test('every variable has a row', () => {
  for (const { name } of Object.values(variables))
    assert.match(configurationPage(), new RegExp(`^\\| \`${name}\` \\|`, 'm'));
});
