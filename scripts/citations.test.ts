import assert from 'node:assert/strict';
import test from 'node:test';
import { type Known, problemsOfSource, sectionsOf } from './citations.ts';

const files = new Set(['src/push/guard.ts', 'src/people/facts.ts', 'docs/push.md', 'docs/decisions/0011']);
const known: Known = {
  sections: new Map([['eligibility.md', new Set(['1', '4', '4.2'])]]),
  decisions: new Set([11]),
  exists: (path) => files.has(path),
};

/** What is wrong with these lines, as a file of the imagined repository. */
function problemsOf(...lines: string[]): string[] {
  return problemsOfSource(lines.join('\n'), 'src/push/worker.ts', known).map(({ line, text }) => `${line}: ${text}`);
}

test('sections are the numbers of headings', () => {
  const page = ['# Page', '## 4. Caps', '### 4.2 Counting', '## Without number', '4.3 is no heading'].join('\n');
  assert.deepEqual([...sectionsOf(page)], ['4', '4.2']);
});

test('what resolves passes, in every form', () => {
  const good = [
    '/** Counts. Source: eligibility.md §4.2. */',
    '/** Source: eligibility.md §4 (second table), §4.2; decision 11; docs/push.md. */',
    '// Steps 5 to 8 of eligibility.md §1, and what §4 says.',
    '// Source: RFC 9113 §5.5 and §6.9; RFC 7541 appendix A; 3GPP TS 23.038 (alphabets); W3C Push API §8.',
    '// Source: Apple, "Sending notification requests to APNs"; rails/rails: activesupport/time_zone.rb.',
    '// See guard.ts, people/facts.ts, src/push/guard.ts and docs/decisions/0011; served at /sdk/web-push.js by Node.js.',
  ];
  for (const comment of good) assert.deepEqual(problemsOf(comment), [], comment);
});

test('a section that the page does not have is refused, with its line', () => {
  assert.deepEqual(problemsOf('const a = 1;', '/**', ' * Counts.', ' * Source: eligibility.md §4, §9.', ' */'), [
    '4: docs/spec/eligibility.md has no section 9',
  ]);
});

test('a page of the specification without a section is refused', () => {
  assert.deepEqual(problemsOf('// As eligibility.md says.'), [
    '1: eligibility.md: expected a section, such as eligibility.md §1',
  ]);
});

test('a section of no page is refused', () => {
  assert.deepEqual(problemsOf('// See §4.2.'), ['1: §4.2: of which page?']);
});

test('a source in no known form is refused', () => {
  const expected = 'expected a form of docs/spec/README.md, such as eligibility.md §1';
  for (const source of ['the specification', 'RFC 9562, 5.5', 'RFC 8030, section 5', 'mulberry32'])
    assert.deepEqual(problemsOf(`// Source: ${source}.`), [`1: Source "${source}": ${expected}`]);
  assert.deepEqual(problemsOf('// Source: eligibility.md §1; hearsay.'), [`1: Source "hearsay": ${expected}`]);
});

test('a page that is none of the specification is refused as a file that is missing', () => {
  assert.deepEqual(problemsOf('// Source: unknown.md §1.'), ['1: unknown.md: there is no such file']);
});

test('a decision without a page is refused', () => {
  assert.deepEqual(problemsOf(`const a = 1; ${'// measured: decision 99'}`), [
    '1: decision 99: docs/decisions has no such page',
  ]);
});

test('a path that leads nowhere is refused, whether from the root or from the file', () => {
  assert.deepEqual(problemsOf('// See src/gone.ts, push/gone.ts, gone.ts and docs/gone.md.'), [
    '1: src/gone.ts: there is no such file',
    '1: push/gone.ts: there is no such file',
    '1: gone.ts: there is no such file',
    '1: docs/gone.md: there is no such file',
  ]);
});

test('code is not looked at', () => {
  assert.deepEqual(problemsOf("import { a } from './gone.ts';", "const text = 'Source: nobody, §9';"), []);
});
