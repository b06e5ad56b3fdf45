// What Twilio receives and what its answers mean: rows of messaging-objects.md §7.6 and §7.7, and of the traps of messages.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Outcome } from '../../outcome.ts';
import type { RenderedSms } from '../rendered.ts';
import { buildRequest, readReply } from './twilio.ts';

const now = new Date('2026-03-15T12:00:00Z');
const text: RenderedSms = { body: 'Hi + ü', media_urls: [], segments: { encoding: 'GSM-7', count: 1 } };
const picture: RenderedSms = { ...text, media_urls: ['https://a.test/1?x=1&y=2', 'https://a.test/2'] };
const account = { account_sid: 'AC1', auth_token: 'secret' };
const order = { to: '+14155550101', statusCallback: 'https%3A%2F%2Fb.test%2Fstatus%2Fr1', prefix: '' };

test('the request: path, login and form', () => {
  const request = buildRequest(text, { ...order, settings: { ...account, from: '+14155550100' } });
  assert.equal(request.path, '/2010-04-01/Accounts/AC1/Messages.json');
  assert.equal(request.headers.authorization, `Basic ${Buffer.from('AC1:secret').toString('base64')}`);
  assert.deepEqual(
    [...new URLSearchParams(request.body)],
    [
      ['To', '+14155550101'],
      ['From', '+14155550100'],
      ['Body', 'Hi + ü'],
      ['StatusCallback', 'https://b.test/status/r1'],
    ],
  );
});

test('the request: a messaging service, an API key, media and smart encoding', () => {
  const settings = {
    ...account,
    ...{ messaging_service_sid: 'MG1', api_key_sid: 'SK1', api_key_secret: 'key', smart_encoding: true },
  };
  const request = buildRequest(
    { ...picture, body: '' },
    { ...order, settings, statusCallback: null, prefix: '/twilio' },
  );
  assert.equal(request.path, '/twilio/2010-04-01/Accounts/AC1/Messages.json');
  assert.equal(request.headers.authorization, `Basic ${Buffer.from('SK1:key').toString('base64')}`);
  assert.deepEqual(
    [...new URLSearchParams(request.body)],
    [
      ['To', '+14155550101'],
      ['MessagingServiceSid', 'MG1'],
      ['SmartEncoded', 'true'],
      ['MediaUrl', 'https://a.test/1?x=1&y=2'],
      ['MediaUrl', 'https://a.test/2'],
    ],
  );
});

const failed = (reason: string): Outcome => ({ kind: 'failed', reason });
const bounced = (reason: string): Outcome => ({ kind: 'bounced', reason });
const ours = (reason: string): Outcome => ({ kind: 'config_error', reason });
const slower = (reason: string, rest: object = {}): Outcome => ({ kind: 'retry', reason, ...rest, slows: 'account' });

const codes: [status: number, code: number | null, expected: Outcome, headers?: Record<string, string>][] = [
  [400, 21211, bounced('21211')],
  [400, 21217, bounced('21217')],
  [400, 21614, bounced('21614')],
  [400, 21635, bounced('21635')],
  [400, 30005, bounced('30005')],
  [400, 30006, bounced('30006')],
  [400, 21610, { ...failed('21610'), optsOut: true } as Outcome],
  ...[21408, 21608, 21612, 21617, 21620, 21623, 30003, 30004, 30007, 30008, 30009, 30010, 30011, 30019].map(
    (code): [number, number, Outcome] => [400, code, failed(String(code))],
  ),
  ...[20003, 21212, 21603, 21606, 21609, 21659, 30002, 30034].map((code): [number, number, Outcome] => [
    400,
    code,
    ours(String(code)),
  ]),
  [401, 20003, ours('20003')],
  [401, null, ours('401')],
  [403, null, ours('403')],
  [404, 20404, ours('20404')],
  [404, null, ours('404')],
  [302, null, ours('302')],
  [400, null, failed('400')],
  [400, 99999, failed('99999')],
  [429, 20429, slower('20429', { afterMs: 1_000 })],
  [429, 20429, slower('20429', { afterMs: 7_000 }), { 'retry-after': '7' }],
  [429, null, slower('429', { afterMs: 1_000 })],
  [400, 21611, slower('21611')],
  [400, 30001, slower('30001')],
  [400, 30022, slower('30022', { afterMs: 2_000 }), { 'retry-after': '2' }],
  [500, 20500, { kind: 'retry', reason: '20500' }],
  [503, null, { kind: 'retry', reason: '503', afterMs: 30_000 }, { 'retry-after': '30' }],
  [408, null, { kind: 'retry', reason: '408' }],
];
for (const [status, code, expected, headers = {}] of codes) {
  test(`an answer of Twilio: ${status} ${code ?? 'without a code'} ${JSON.stringify(headers)}`, () => {
    const body = Buffer.from(code === null ? '<html>' : JSON.stringify({ code, message: 'x', status }));
    assert.deepEqual(readReply({ status, headers, body }, text, now), expected);
  });
}

test('a number that refuses a picture may still take texts', () => {
  const reply = (code: number) => ({ status: 400, headers: {}, body: Buffer.from(JSON.stringify({ code })) });
  assert.deepEqual(readReply(reply(30006), picture, now), failed('30006'));
  assert.deepEqual(readReply(reply(21614), picture, now), bounced('21614'));
});

test('an accepted message has its id and says what it costs; one that failed at once is a failure', () => {
  const reply = (body: string) => ({ status: 201, headers: {}, body: Buffer.from(body) });
  const accepted = { kind: 'accepted', providerId: 'SM1', detail: '1 segment (GSM-7)' };
  assert.deepEqual(readReply(reply('{"sid":"SM1","status":"queued","error_code":null}'), text, now), accepted);
  assert.deepEqual(readReply(reply('{"sid":'), text, now), { ...accepted, providerId: null });
  assert.deepEqual(readReply(reply('{"sid":"SM1","status":"failed","error_code":30006}'), text, now), bounced('30006'));
});
