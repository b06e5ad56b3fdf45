import assert from 'node:assert/strict';
import test from 'node:test';
import { signedRequest } from './standard-webhook.ts';

const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3A=';
const body = '{"type":"message.delivered","timestamp":"2026-01-05T10:00:00Z","data":{"note":"Zoë 😀"}}';
const now = new Date(1_767_607_200_000);

test('the key is the bytes of the base64, and signature and length are over the bytes that are sent', () => {
  const { headers } = signedRequest({ id: 'evt_000001', body }, { secret, previous: null }, now);
  assert.deepEqual(headers, {
    'webhook-id': 'evt_000001',
    'webhook-timestamp': '1767607200',
    'webhook-signature': 'v1,2wQ8iDOS8HKZ9WTet5wYaXCyla71fl5ODxYVNRDCFYQ=',
    'content-length': '91',
  });
});

test('after a rotation the secret before signs as well, until its time is over', () => {
  const previous = { secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`, until: new Date(now.getTime() + 1) };
  const signatures = (at: Date) =>
    signedRequest({ id: 'evt_1', body }, { secret, previous }, at).headers['webhook-signature']?.split(' ');
  assert.equal(signatures(now)?.length, 2);
  assert.ok(signatures(now)?.every((one) => one.startsWith('v1,')));
  assert.equal(signatures(previous.until)?.length, 1);
});
