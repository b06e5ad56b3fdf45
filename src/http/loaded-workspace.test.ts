import assert from 'node:assert/strict';
import test from 'node:test';
import { failureOf } from './answers.ts';
import { loadedWorkspace } from './loaded-workspace.ts';

test('a workspace that this server has not read yet is answered with a 503 that says so', () => {
  const empty = {
    workspace: () => undefined,
    workspaceOfApp: () => undefined,
    workspaceOfGroup: () => undefined,
    apiKey: () => undefined,
    takesKeysInBodies: () => false,
    returnPaths: () => new Set<string>(),
  };
  assert.throws(
    () => loadedWorkspace(empty, 1),
    (error) => {
      const { status, body, headers } = failureOf(error);
      assert.deepEqual([status, headers], [503, { 'retry-after': '1' }]);
      assert.deepEqual(body, { message: 'Service Unavailable', errors: ['the workspace is not loaded yet'] });
      return true;
    },
  );
});
