import assert from 'node:assert/strict';
import test from 'node:test';
import { Methods } from './methods.ts';

const methods = new Methods([
  { path: '/things', method: 'GET' },
  { path: '/things', method: 'POST' },
  { path: '/things/:id', method: 'GET' },
  { path: '/things/lists', method: 'POST' },
  { path: '/l/:person/*', method: 'GET' },
  { path: '/a.b', method: 'PUT' },
  { path: '/:code(^[A-Z]{3}$)', method: 'HEAD' },
]);

test('the methods of a path are found for its URL, with a query and slashes too many', () => {
  const table: [string, string[] | null][] = [
    ['/things', ['GET', 'POST']],
    ['/things?x=/y', ['GET', 'POST']],
    ['//things///', ['GET', 'POST']],
    ['/things/7', ['GET']],
    ['/things/', ['GET', 'POST']],
    ['/things/7/8', null],
    ['/l/me/https://a.test/b', ['GET']],
    ['/axb', null],
    ['/ABC', ['HEAD']],
    ['/ABCD', null],
    ['/', null],
    ['', null],
    [`/${'x/'.repeat(50_000)}`, null],
  ];
  for (const [url, taken] of table) assert.deepEqual(methods.of(url), taken, url.slice(0, 50));
});

test('a path that another path would answer for is named', () => {
  assert.deepEqual(methods.mistaken(), [{ path: '/things/lists', methods: ['GET'], taken: ['POST'] }]);
});
