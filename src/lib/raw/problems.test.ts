import assert from 'node:assert/strict';
import test from 'node:test';
import { RequestError } from '../../errors.ts';
import { firstProblem, ObjectProblem, Problems } from './problems.ts';

function thrownBy(problems: Problems): { code: string; errors: readonly string[] } | null {
  try {
    problems.throwIfAny();
  } catch (error) {
    if (error instanceof RequestError) return { code: error.code, errors: error.errors };
    throw error;
  }
  return null;
}

test('without problems nothing is thrown; remarks are not problems', () => {
  const problems = new Problems();
  problems.minor('a was dropped');
  problems.warn('b has no effect');
  assert.equal(problems.isEmpty, true);
  assert.deepEqual(problems.warnings, ['b has no effect']);
  assert.deepEqual(problems.texts, []);
  assert.deepEqual(problems.minors, ['a was dropped']);
  assert.equal(thrownBy(problems), null);
});

test('problems of members are reported together, in the order of their stages; later stages wait', () => {
  const problems = new Problems();
  problems.add('template', 'c', 'not a template');
  problems.add('required', 'b', 'is required');
  problems.add('type', 'a', 'expected a text');
  problems.add('type', 'd', 'expected a text');
  assert.equal(problems.isEmpty, false);
  problems.add('cross', 'd', 'is required with e');
  problems.add('cross', 'e', 'follows from f');
  problems.add('type', 'e.f[0]', 'expected a text');
  assert.deepEqual(thrownBy(problems), {
    code: 'bad_request',
    errors: ['a: expected a text', 'd: expected a text', 'e.f[0]: expected a text', 'b: is required'],
  });
});

test('a stage is reported with the code of its first problem, without problems of other codes', () => {
  const problems = new Problems();
  problems.add('size', 'a', 'too long', 'apple_push_too_long');
  problems.add('size', 'b', 'too long', 'android_push_too_long');
  problems.add('size', 'c', 'too long', 'apple_push_too_long');
  assert.deepEqual(thrownBy(problems), { code: 'apple_push_too_long', errors: ['a: too long', 'c: too long'] });
});

test('a million problems and remarks take a hundred lines each, and do not hide an earlier stage', () => {
  const problems = new Problems();
  for (let index = 0; index < 1_000_000; index += 1) {
    problems.add('size', `a[${index}]`, 'too long');
    problems.minor(`a[${index}] was dropped`);
  }
  problems.add('type', 'b', 'expected a text');
  assert.deepEqual(problems.texts, ['b: expected a text']);
  assert.equal(problems.minors.length, 101);
  assert.equal(problems.minors.at(-1), 'and 999900 more');
});

test('a caller that stops at the first problem gets it thrown as a RequestError', () => {
  assert.throws(
    () => firstProblem.add('type', 'push_tokens[0]', 'expected an object'),
    (error) => error instanceof ObjectProblem && error.message === 'push_tokens[0]: expected an object',
  );
  const problem = new ObjectProblem(`${'a.'.repeat(40_000)}: expected a text`);
  assert.equal(problem.code, 'bad_request');
  assert.equal(problem.message.length, 1_000);
  assert.deepEqual(problem.errors, [problem.message]);
});
