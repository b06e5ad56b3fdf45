import assert from 'node:assert/strict';
import test from 'node:test';
import { type Entry, ImportFileError } from '../entry.ts';
import { readAnswers } from './json-answers.ts';

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Each record with its line: what it is, or why it is none. */
async function read(text: string | Buffer, size = 1_000_000): Promise<unknown[]> {
  const entries: Entry[] = [];
  for await (const group of readAnswers(pieces(Buffer.from(text), size))) entries.push(...group);
  return entries.map((entry) => {
    try {
      return [entry.line, entry.read().object];
    } catch (error) {
      return [entry.line, (error as Error).message];
    }
  });
}

const answers = `{"message":"success","users":[
  {"external_id":"a\\"}]","tags":["x",{"y":[1]}]} , {"external_id":"ü"},
  {"users":[{"external_id":"inner"}]}
],"invalid_user_ids":["users","[{"]}
{"users":[]} {"users":[{"n":1}]}
[{"n":2},
{"n":3}]`;
const people = [
  [2, { external_id: 'a"}]', tags: ['x', { y: [1] }] }],
  [2, { external_id: 'ü' }],
  [3, { users: [{ external_id: 'inner' }] }],
  [5, { n: 1 }],
  [6, { n: 2 }],
  [7, { n: 3 }],
];

test('people are found in answers and lists, wherever the bytes are cut', async () => {
  assert.deepEqual(await read(answers), people);
  for (let size = 1; size <= 40; size += 1) assert.deepEqual(await read(answers, size), people, `pieces of ${size}`);
});

const never = 'the JSON that is open here never ends: the file is cut off, or a bracket or quote is missing';
const broken: [string, unknown[]][] = [
  [
    '{"users":[{"n":1},\n{"n":',
    [
      [1, { n: 1 }],
      [2, never],
    ],
  ],
  [
    '{"users":[{"n":1}\n',
    [
      [1, { n: 1 }],
      [2, never],
    ],
  ],
  ['{"users":[{"n":"1}]}\n', [[1, never]]],
  [
    '{"users":[1,null,"{",[],{"n":1}]}',
    [
      [1, 'expected an object'],
      [1, 'expected an object'],
      [1, 'expected an object'],
      [1, []],
      [1, { n: 1 }],
    ],
  ],
  ['{"users":[{"n":1,}]}', [[1, 'the line is not JSON']]],
  ['{"users":[]}]]}}{"users":[{"n":1}]}', [[1, { n: 1 }]]],
];

test('what is broken is told with its line, and the rest is read', async () => {
  for (const [text, expected] of broken) {
    assert.deepEqual(await read(text), expected, text);
    assert.deepEqual(await read(text, 1), expected, text);
  }
  await assert.rejects(read('{"message":"success"}'), ImportFileError);
  await assert.rejects(read(''), ImportFileError);
});

test('a person that is too large is refused, and the next one read', async () => {
  const large = `{"users":[{"n":"${'x'.repeat(5 * 1024 * 1024)}"},{"n":1}]}`;
  assert.deepEqual(await read(large, 64 * 1024), [
    [1, 'expected at most 4194304 bytes in a line'],
    [1, { n: 1 }],
  ]);
});
