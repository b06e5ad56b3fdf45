import assert from 'node:assert/strict';
import test from 'node:test';
import { encodingProblem, HOW_TO_ENCODE } from './url-encoding.ts';

const good = [
  'smtp://relay.test',
  'smtp://relay.test:587?name=me',
  'smtp://cresset:p%40ss%2Fw%231%25%3F@127.0.0.1:587',
  'smtp://cresset:p:q@relay.test',
  'smtps://user%40acme.test:secret@relay.test:465',
  'postgres://u:p@db/x?sslmode=require',
  'postgresql://u@db/x',
  'socket:/var/run/postgresql?db=cresset&user=cresset&password=p@ss',
  'https://hooks.example.com/a/@scope/b?c=d@e.test&f=%20',
  'https://hooks.example.com/caf%e9',
  'not a url',
];

const wrong = [
  ...['p@ss/w#1', 'a%b', 'a#b', 'a/b', 'a?b', '12#b', '12/b', '12?b', 'a@b', '100%', '%ff', '%', '%2', '?#@/%'].flatMap(
    (password) => ['smtp', 'smtps', 'postgres'].map((scheme) => `${scheme}://cresset:${password}@host.test:25`),
  ),
  ...['p@ss/w#1', 'a%b', 'a#b', 'a/b', 'a?b', 'a\\b', 'a@b', '12#b'].map((one) => `https://u:${one}@host.test/x`),
];

for (const url of good)
  test(`${url} is well encoded`, () => {
    assert.equal(encodingProblem(url), null);
  });

for (const url of wrong)
  test(`${url} is not well encoded`, () => {
    assert.equal(encodingProblem(url), HOW_TO_ENCODE);
  });

test('a lone % is told of, also without a user', () => {
  for (const url of ['https://host.test/a%b', 'https://host.test/?a=100%', 'socket:/run%?db=x', 'smtp://ho%st'])
    assert.match(encodingProblem(url) ?? '', /^percent-encode: % is %25/);
});
