import assert from 'node:assert/strict';
import test from 'node:test';
import { findCircle, findProblems, readSource } from './directions.ts';

const path = 'src/people/consent/state.ts';

test('every form of an import is read', () => {
  const forms = [
    "import { a } from '../../dispatch/plan/states.ts';",
    "import {\n  a,\n  type B,\n} from '../../dispatch/plan/states.ts';",
    "import type { A } from '../../dispatch/plan/states.ts';",
    "export { a } from '../../dispatch/plan/states.ts';",
    "export * from '../../dispatch/plan/states.ts';",
    "import '../../dispatch/plan/states.ts';",
    "const a = await import('../../dispatch/plan/states.ts');",
    "type A = import('../../dispatch/plan/states.ts').A;",
  ];
  for (const text of forms) {
    const file = readSource(path, text);
    assert.deepEqual(file.imports, ['src/dispatch/plan/states.ts'], text);
    assert.deepEqual(findProblems([file]), [`${path}: people may not import src/dispatch/plan/states.ts`]);
  }
  assert.deepEqual(readSource(path, "import fs from 'node:fs';\nimport { x } from '../../../test/x.ts';").imports, []);
});

test('imports that the plan allows, those of tests and those within a room are no problem', () => {
  const good = [
    { path, imports: ['src/lib/clock.ts', 'src/people/profile/facts.ts'] },
    { path: 'src/people/consent/state.test.ts', imports: ['src/dispatch/plan/states.ts'] },
    { path: 'src/dispatch/start-working.ts', imports: ['src/dispatch/deliver/worker.ts'] },
  ];
  assert.deepEqual(findProblems(good), []);
});

test('a room of dispatch may not import a later one, and a room without a place is refused', () => {
  const [later, attic] = findProblems([
    { path: 'src/dispatch/plan/a.ts', imports: ['src/dispatch/deliver/b.ts'] },
    { path: 'src/attic/a.ts', imports: [] },
  ]);
  assert.equal(later, 'src/dispatch/plan/a.ts: dispatch/plan may not import src/dispatch/deliver/b.ts');
  assert.match(attic ?? '', /^src\/attic\/a\.ts: attic is not listed/);
});

test('a circle is found, however long it is', () => {
  const chain = ['a', 'b', 'c', 'd'].map((name, index, all) => ({
    path: `src/lib/${name}.ts`,
    imports: [`src/lib/${all[(index + 1) % all.length]}.ts`],
  }));
  assert.deepEqual(findCircle(chain), [...chain.map((file) => file.path), 'src/lib/a.ts']);
  assert.equal(findCircle(chain.slice(0, 3)), null);
});
