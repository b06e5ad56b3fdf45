import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { connectionWords, replyWords, saidText } from './provider-words.ts';

const said: [text: string, secrets: string[], words: string | null][] = [
  [
    '554 5.7.1 listed at zen.example,\r\n\tsee  https://x.example',
    [],
    '554 5.7.1 listed at zen.example, see https://x.example',
  ],
  ['\u0000\u202e\u0007 ', [], null],
  ['half \ud800', [], 'half \ufffd'],
  ['the password hunter22 is wrong', ['hunter22'], 'the password (masked) is wrong'],
  ['short abc stays', ['abc'], 'short abc stays'],
  ['cut off at hunter', ['hunter22'], 'cut off at (masked)'],
  ['longer first: secret-one', ['secret', 'secret-one'], 'longer first: (masked)'],
  ['Authorization: Bearer abc.def-ghi_123', [], 'Authorization: Bearer (masked)'],
  ['token eyJhbGciOi.eyJzdWIi.c2ln end', [], 'token (masked) end'],
  ['http://user:pass@host/x', [], 'http://(masked)@host/x'],
  ['{"client_secret":"s3cr3t","a":1}', [], '{"client_secret":"(masked)","a":1}'],
  ['api_key=12345&b=2', [], 'api_key=(masked)&b=2'],
  [
    'The registration token is not a valid FCM registration token',
    [],
    'The registration token is not a valid FCM registration token',
  ],
];
for (const [text, secrets, words] of said) {
  test(`${JSON.stringify(text)} is told as ${JSON.stringify(words)}`, () =>
    assert.equal(saidText(text, secrets), words));
}

const replies: [status: number, body: string, words: string][] = [
  [400, '{"error":{"code":400,"message":"Invalid value at \'message.data\'"}}', "400 Invalid value at 'message.data'"],
  [413, '{"reason":"PayloadTooLarge"}', '413 PayloadTooLarge'],
  [401, '{"error":"invalid_client","error_description":"Client unknown"}', '401 Client unknown'],
  [410, '{"code":410,"errno":106,"error":"Gone","message":"Request did not validate"}', '410 Request did not validate'],
  [404, '<h1>no such hook</h1>', '404 <h1>no such hook</h1>'],
  [503, '', '503'],
];
for (const [status, body, words] of replies) {
  test(`${status} ${body} is told as ${words}`, () =>
    assert.equal(replyWords({ status, body: Buffer.from(body) }), words));
}

test('a failed connection is told with its host and port', () => {
  const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED', address: '127.0.0.1', port: 18426 });
  const url = new URL('https://push.example/x');
  assert.equal(connectionWords(refused, url), 'ECONNREFUSED 127.0.0.1:18426');
  assert.equal(connectionWords({ ...refused, address: '::1', code: 'EHOSTUNREACH' }, url), 'EHOSTUNREACH [::1]:18426');
  assert.equal(connectionWords(new AggregateError([refused]), url), 'ECONNREFUSED 127.0.0.1:18426');
  assert.equal(connectionWords({ code: 'ENOTFOUND' }, url), 'ENOTFOUND push.example:443');
  assert.equal(connectionWords(null, new URL('http://push.example:81')), 'no connection push.example:81');
});

test('whatever is said, a line of at most 500 characters without controls and secrets is told', () => {
  const secret = 'S3cr3t-Value';
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constant(secret)), { maxLength: 60 }), (parts) => {
      const words = saidText(parts.join(''), [secret]);
      if (words === null) return;
      assert.ok(words.length <= 500 && words.isWellFormed() && !/\p{Cc}/u.test(words) && !words.includes(secret));
    }),
  );
});
