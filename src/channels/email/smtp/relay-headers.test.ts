import assert from 'node:assert/strict';
import test from 'node:test';
import { headerLine } from '../mime/header-text.ts';
import { relayHeaders } from './relay-headers.ts';
import { relayKindOf, relayKinds } from './relay-kind.ts';

const reference = 'a'.repeat(50);
const mail = { extras: { order: 'A 7', ünï: 'ö', count: 3 }, headers: {}, reference };
const headersOf = (kind: Parameters<typeof relayHeaders>[0], changes: Partial<typeof mail> = {}) =>
  Object.fromEntries(relayHeaders(kind, { ...mail, ...changes }));

test('each service gets the extras and the reference in its own way', () => {
  assert.deepEqual(headersOf('plain'), { 'X-Cresset-Ref': reference });
  assert.deepEqual(headersOf('resend'), { 'X-Cresset-Ref': reference });
  const args = { order: 'A 7', ünï: 'ö', count: '3', cresset_ref: reference };
  assert.deepEqual(JSON.parse(headersOf('sendgrid')['X-SMTPAPI'] ?? ''), { unique_args: args });
  assert.deepEqual(JSON.parse(headersOf('sparkpost')['X-MSYS-API'] ?? ''), { metadata: args });
  assert.deepEqual(JSON.parse(headersOf('mailgun')['X-Mailgun-Variables'] ?? ''), args);
  assert.deepEqual(headersOf('postmark'), {
    'X-Cresset-Ref': reference,
    'X-PM-Metadata-cresset-ref': reference,
    'X-PM-Metadata-order': 'A 7',
    'X-PM-Metadata-count': '3',
  });
  assert.equal(headersOf('ses')['X-SES-MESSAGE-TAGS'], `count=3, cresset-ref=${reference}`);
});

test('what the caller says to the service itself is kept', () => {
  const headers = { 'x-smtpapi': '{"category":"news","unique_args":{"mine":"1"}}', 'X-SES-Message-Tags': 'own=1' };
  const api = JSON.parse(
    relayHeaders('sendgrid', { ...mail, headers }).find(([name]) => name === 'X-SMTPAPI')?.[1] ?? '',
  );
  assert.deepEqual([api.category, api.unique_args.mine, api.unique_args.order], ['news', '1', 'A 7']);
  const tags = relayHeaders('ses', { ...mail, headers }).find(([name]) => name === 'X-SES-MESSAGE-TAGS')?.[1];
  assert.equal(tags, `own=1, count=3, cresset-ref=${reference}`);
  const broken = relayHeaders('sendgrid', { ...mail, headers: { 'X-SMTPAPI': 'no JSON' } });
  assert.deepEqual(broken, [['X-Cresset-Ref', reference]]);
});

test('every header is ASCII on lines that fit, whatever the extras hold', () => {
  const hostile = {
    'a\r\nBcc: x': 'b\r\n\r\nc',
    emoji: '🎉'.repeat(60),
    long: 'x'.repeat(950),
    'key with blanks': ' ',
  };
  for (const kind of relayKinds)
    for (const [name, value] of relayHeaders(kind, { ...mail, extras: hostile })) {
      assert.match(`${name}: ${value}`, /^[\x20-\x7e]*$/, kind);
      for (const line of headerLine(name, value).split('\r\n')) assert.ok(line.length <= 998, `${kind} ${line.length}`);
    }
});

test('a service is known by its host', () => {
  const hosts = {
    'email-smtp.eu-west-1.amazonaws.com': 'ses',
    'smtp.sendgrid.net': 'sendgrid',
    'SMTP.postmarkapp.com': 'postmark',
    'smtp.eu.mailgun.org': 'mailgun',
    'smtp.resend.com': 'resend',
    'smtp.sparkpostmail.com': 'sparkpost',
    'smtp.sendgrid.net.evil.test': 'plain',
    localhost: 'plain',
  };
  for (const [host, kind] of Object.entries(hosts)) assert.equal(relayKindOf(host), kind, host);
});
