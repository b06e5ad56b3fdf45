import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { findJsonError } from './json-error.ts';

const place = (text: string) => {
  const found = findJsonError(text);
  return found === null ? null : `${found.line}:${found.column}`;
};

for (const [text, expected] of [
  ['{"a": 1}', null],
  ['{"a": 1,}', '1:9'],
  ['{"a": 1\n  "b": 2}', '2:3'],
  ['{"a": "one\ntwo"}', '1:11'],
  ['{\r\n  "a": \'x\' }', '2:8'],
  ['{"a": "\\q"}', '1:9'],
  ['{"a": "\\u12g4"}', '1:12'],
  ['{"a": [1, 2', '1:12'],
  ['{"a": tru}', '1:7'],
  ['{"a": 01}', '1:8'],
  ['{"a": 1.}', '1:8'],
  ['{a: 1}', '1:2'],
  ['[1,]', '1:4'],
  ['{"a": 1} x', '1:10'],
  ['{"a" 1}', '1:6'],
  ['a=1&b=2', '1:1'],
  ['', '1:1'],
  ['\u{feff}{}', '1:1'],
] as const)
  test(`${JSON.stringify(text)} has its first error at ${expected}`, () => assert.equal(place(text), expected));

test('a text has an error exactly if the parser refuses it, whatever is changed in it', () => {
  const json = fc.json({ maxDepth: 4 });
  const change = fc.record({
    at: fc.nat(400),
    drop: fc.nat(3),
    put: fc.constantFrom('', ',', '"', '\\', '}', ']', '0', '\n', 'é'),
  });
  fc.assert(
    fc.property(json, fc.option(change), (text, given) => {
      const at = given === null ? 0 : given.at % (text.length + 1);
      const changed = given === null ? text : text.slice(0, at) + given.put + text.slice(at + given.drop);
      assert.equal(findJsonError(changed) === null, isJson(changed), changed);
    }),
    { numRuns: 1_000 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
