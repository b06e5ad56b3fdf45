import assert from 'node:assert/strict';
import test from 'node:test';
import { subjectProblem } from './settings.ts';

test('the contact in our signature is one that a push service accepts', () => {
  for (const good of [
    'mailto:ops@acme.test',
    'https://acme.test',
    'https://acme.test/contact?x=1',
    'mailto:o+x@a.co.test',
  ])
    assert.equal(subjectProblem(good), null, good);
  for (const bad of [
    'mailto:x@localhost',
    'mailto:x@127.0.0.1',
    'mailto:x@[::1]',
    'mailto: ops@acme.test',
    'mailto:ops',
    'mailto:ops@acme.test, b@acme.test',
    'https://localhost/',
    'https://127.0.0.1/',
    'https://[::1]/',
    'http://acme.test',
    'https://',
    'ops@acme.test',
    'mailto:zoë@acme.test',
  ])
    assert.notEqual(subjectProblem(bad), null, bad);
});
