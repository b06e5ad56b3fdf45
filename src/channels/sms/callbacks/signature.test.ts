// X-Twilio-Signature: the rows of the traps of messages with their values.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { isSignedByTwilio, type SignedRequest, twilioSignature } from './signature.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
const FORM = 'application/x-www-form-urlencoded';
const INBOUND = 'https://msg.example.com/twilio/inbound';
const STATUS = 'https://msg.example.com/twilio/status';
const STOP = 'Body=STOP&From=%2B14155550101&MessageSid=SM00000000000000000000000000000001&To=%2B14155550100';
const DIGEST = 'bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862';

function isSigned(url: string, body: string, signature: string | undefined, contentType: string | undefined = FORM) {
  const request: SignedRequest = { url, body: Buffer.from(body), signature, contentType };
  return isSignedByTwilio(request, TOKEN);
}

const rows: [what: string, url: string, body: string, signature: string][] = [
  ['a form', INBOUND, STOP, 'k2H4D6DhViVBlI+tT3EJt/EqlCE='],
  ['the port in the signature only', INBOUND, STOP, 'uogUdUgSJVhmigO/INcjXVr/oIk='],
  ['the port in the URL only', 'https://msg.example.com:443/twilio/inbound', STOP, 'k2H4D6DhViVBlI+tT3EJt/EqlCE='],
  [
    'values given twice, in no order',
    INBOUND,
    'Tag=b&Tag=a&Tag=a&From=%2B14155550101&To=%2B14155550100',
    '4knrjRZCEB3CrW6EJGPqfcdQ/rU=',
  ],
  [
    'blanks, an empty value and unknown names',
    INBOUND,
    'Body=+hi++&FromCity=&From=%2B14155550101&To=%2B14155550100&MessageSid=SM00000000000000000000000000000002',
    '9N4PgZJv5xaVfX4Pe9qbqjzq7vU=',
  ],
  [
    'a quote in the query',
    `${STATUS}?name=O'Hara&b=2`,
    'MessageSid=SM00000000000000000000000000000003&MessageStatus=delivered',
    'leFgF1w/FBfTNOu8Iwd4Gb8yxSY=',
  ],
];
for (const [what, url, body, signature] of rows) {
  test(`a signature of Twilio: ${what}`, () => {
    assert.ok(isSigned(url, body, signature));
    assert.ok(!isSigned(url, `${body}x`, signature), 'another body');
    assert.ok(!isSigned(url.replace('msg.', 'app.'), body, signature), 'another host');
    assert.ok(!isSigned(url.replace('https:', 'http:'), body, signature), 'another protocol');
    assert.ok(!isSigned(url.replace('/twilio', '/Twilio'), body, signature), 'another path');
    assert.ok(!isSigned(url, body, signature, 'application/json'), 'another content type');
  });
}

test('the URL that a proxy calls inside is not the one that Twilio signed', () => {
  assert.ok(!isSigned('http://app:3000/twilio/inbound', STOP, 'k2H4D6DhViVBlI+tT3EJt/EqlCE='));
});

test('an odd port is signed with and without', () => {
  const url = 'https://msg.example.com:8443/twilio/inbound';
  for (const signed of [url, INBOUND]) assert.ok(isSigned(url, STOP, twilioSignature(TOKEN, signed, STOP)));
  assert.ok(!isSigned(url, STOP, twilioSignature(TOKEN, 'https://msg.example.com:9443/twilio/inbound', STOP)));
});

test('a body that is no form counts only with its digest in the signed query', () => {
  const signature = 'MmO7kymJuzuVJHhkxfdiOklkJns=';
  const json = 'application/json';
  assert.ok(isSigned(`${STATUS}?${DIGEST}`, '{"a":1}', signature, json));
  assert.ok(!isSigned(`${STATUS}?${DIGEST}`, '{"a":2}', signature, json));
  assert.ok(!isSigned(STATUS, '{"a":1}', twilioSignature(TOKEN, STATUS, ''), json));
  assert.ok(!isSigned(STATUS, '{"a":1}', twilioSignature(TOKEN, STATUS, '{"a":1}'), json));
});

test('what is no signature is refused, whatever its length', () => {
  for (const signature of [
    undefined,
    '',
    'x',
    'sha256=zz',
    'k2H4D6DhViVBlI+tT3EJt/EqlCE',
    '\u{1f600}',
    'A'.repeat(9_999),
  ])
    assert.ok(!isSigned(INBOUND, STOP.replace('STOP', 'STOPP'), signature));
});

test('every form that is signed passes, and no other byte of it does', () => {
  const parameters = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), {
    minLength: 1,
  });
  fc.assert(
    fc.property(parameters, fc.nat(), (pairs, at) => {
      const body = new URLSearchParams(pairs).toString();
      const signature = twilioSignature(TOKEN, INBOUND, body);
      assert.ok(isSigned(INBOUND, body, signature));
      const bytes = Buffer.from(signature, 'base64');
      bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 1;
      assert.ok(!isSigned(INBOUND, body, bytes.toString('base64')));
    }),
  );
});
