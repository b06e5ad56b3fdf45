import assert from 'node:assert/strict';
import test from 'node:test';
import { withoutSecrets } from './activity.ts';

const headers = {
  Authorization: 'Bearer x',
  COOKIE: 'x',
  'x-api-key': 'x',
  'X-Shop-Token': 'x',
  'x-client-secret': 'x',
  'x-tokens': 'shown',
  accept: 'shown',
};
const masked = {
  Authorization: '(masked)',
  COOKIE: '(masked)',
  'x-api-key': '(masked)',
  'X-Shop-Token': '(masked)',
  'x-client-secret': '(masked)',
  'x-tokens': 'shown',
  accept: 'shown',
};

/** Source: send.md §15. */
const table: [what: string, body: Record<string, unknown>, kept: Record<string, unknown>][] = [
  [
    'credentials of older clients are left out',
    { api_key: 'x', app_group_id: 'x', company_secret: 'x', a: 1 },
    { a: 1 },
  ],
  [
    'headers of a webhook that hold credentials are masked, and others stay',
    { messages: { webhook: { url: 'u', request_headers: headers }, email: { subject: 's' } } },
    { messages: { webhook: { url: 'u', request_headers: masked }, email: { subject: 's' } } },
  ],
  [
    'headers of the same names in other channels stay',
    { messages: { email: { headers: { 'x-api-key': 'shown' } } } },
    { messages: { email: { headers: { 'x-api-key': 'shown' } } } },
  ],
  ['a webhook that is no object stays', { messages: { webhook: 'x' } }, { messages: { webhook: 'x' } }],
  [
    'headers that are no object stay',
    { messages: { webhook: { request_headers: ['x'] } } },
    { messages: { webhook: { request_headers: ['x'] } } },
  ],
  ['messages that are no object stay', { messages: [] }, { messages: [] }],
  ['an unknown channel stays', { messages: { toString: { a: 1 } } }, { messages: { toString: { a: 1 } } }],
];
for (const [what, body, kept] of table) {
  test(`the record of a request: ${what}`, () => {
    const before = structuredClone(body);
    assert.deepEqual(withoutSecrets(body), kept);
    assert.deepEqual(body, before, 'the body itself is not changed');
  });
}
