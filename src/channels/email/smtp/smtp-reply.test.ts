import assert from 'node:assert/strict';
import test from 'node:test';
import { readFailure } from './smtp-reply.ts';

type Said = {
  code?: string;
  originalCode?: string;
  syscall?: string;
  timeoutType?: string;
  command?: string;
  responseCode?: number;
  response?: string;
  message?: string;
};

const expected: [string, Said, string, string][] = [
  ['no connection', { code: 'ECONNECTION', command: 'CONN' }, 'retry', 'relay'],
  ['no name', { code: 'EDNS', command: 'CONN' }, 'retry', 'relay'],
  ['a timeout', { code: 'ETIMEDOUT', command: 'CONN' }, 'retry', 'relay'],
  ['a greeting of 421', { code: 'EPROTOCOL', command: 'CONN', responseCode: 421 }, 'retry', 'relay'],
  ['421 at RCPT', { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 421 }, 'retry', 'relay'],
  ['421 after the mail', { code: 'EMESSAGE', command: 'DATA', responseCode: 421 }, 'retry', 'relay'],
  ['451 at MAIL FROM', { code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 451 }, 'retry', 'relay'],
  ['451 at RCPT', { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 451 }, 'retry', 'message'],
  ['451 after the mail', { code: 'EMESSAGE', command: 'DATA', responseCode: 451 }, 'retry', 'message'],
  ['wrong credentials', { code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535 }, 'config_error', 'relay'],
  ['no TLS', { code: 'ETLS', command: 'STARTTLS' }, 'config_error', 'relay'],
  ...['MAIL FROM', 'RCPT TO', 'DATA'].flatMap((command) =>
    [530, 534, 535, 538].map((responseCode): [string, Said, string, string] => [
      `${responseCode} at ${command}`,
      { code: 'EENVELOPE', command, responseCode },
      ...(['config_error', 'relay'] as const),
    ]),
  ),
  ['a sender refused', { code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 550 }, 'config_error', 'sender'],
  [
    'a sender whose domain is refused',
    { code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 550, response: '550 5.1.8 sender refused' },
    ...(['config_error', 'sender'] as const),
  ],
  [
    'too large after the mail',
    { code: 'EMESSAGE', command: 'DATA', responseCode: 552, response: '552 5.3.4 too big' },
    ...(['failed', 'message'] as const),
  ],
  ['a dead address', { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550 }, 'bounced', 'message'],
  ['called spam', { code: 'EMESSAGE', command: 'DATA', responseCode: 554 }, 'failed', 'message'],
  ['too large for the relay', { code: 'EMESSAGE', command: 'MAIL FROM' }, 'retry', 'message'],
];
for (const [what, said, kind, blame] of expected)
  test(`${what}: ${kind}, because of the ${blame}`, () => {
    const failure = readFailure(said, false);
    assert.deepEqual([failure.outcome.kind, failure.blame], [kind, blame]);
  });

test('the outcome is unclear only if no answer comes after the mail was sent', () => {
  assert.deepEqual(readFailure({ code: 'ECONNECTION', command: 'CONN' }, true), {
    outcome: { kind: 'retry', reason: 'no answer after the mail', isUnclear: true },
    blame: 'unclear',
    isOffered: true,
    mayBeStale: false,
    isReputation: false,
    said: null,
  });
  assert.equal(readFailure({ command: 'DATA', responseCode: 554 }, true).blame, 'message');
});

const offers: [string, Said, isOffered: boolean, mayBeStale: boolean][] = [
  [
    'no connection',
    { code: 'ESOCKET', originalCode: 'ECONNREFUSED', syscall: 'connect', command: 'CONN' },
    false,
    false,
  ],
  ['no name', { code: 'EDNS', command: 'CONN' }, false, false],
  ['no greeting', { code: 'ETIMEDOUT', timeoutType: 'GREETING_TIMEOUT', command: 'CONN' }, false, false],
  ['a greeting of 421', { code: 'EPROTOCOL', command: 'CONN', responseCode: 421 }, false, true],
  ['wrong credentials', { code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535 }, false, false],
  ['a temporary failure of the login', { code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 454 }, false, false],
  ['a connection that ends', { code: 'ECONNECTION', command: 'CONN' }, true, true],
  ['a reset connection', { code: 'ESOCKET', originalCode: 'ECONNRESET', syscall: 'read', command: 'CONN' }, true, true],
  ['silence on the way', { code: 'ETIMEDOUT', timeoutType: 'SOCKET_TIMEOUT', command: 'CONN' }, true, false],
  ['421 at RCPT', { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 421 }, true, true],
  ['a dead address', { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550 }, true, false],
];
for (const [what, said, isOffered, mayBeStale] of offers)
  test(`${what}: the mail was ${isOffered ? '' : 'not '}offered${mayBeStale ? ', perhaps over a stale connection' : ''}`, () => {
    const failure = readFailure(said, false);
    assert.deepEqual([failure.isOffered, failure.mayBeStale], [isOffered, mayBeStale]);
  });

test('the words of the relay or the network are kept, unless they may quote the mail', () => {
  const refused = { code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535, response: '535 5.7.8 no', message: 'x' };
  assert.equal(readFailure(refused, false).said, '535 5.7.8 no');
  const away = { code: 'ESOCKET', syscall: 'connect', command: 'CONN', message: 'connect ECONNREFUSED 127.0.0.1:25' };
  assert.equal(readFailure(away, false).said, 'connect ECONNREFUSED 127.0.0.1:25');
  const spam = { code: 'EMESSAGE', command: 'DATA', responseCode: 554, response: '554 your text "…" is spam' };
  assert.equal(readFailure(spam, false).said, null);
});

const reputations: [reply: string, command: string, isReputation: boolean][] = [
  ['421-4.7.28 Gmail has detected an unusual rate of\r\n421 4.7.28 unsolicited mail', 'DATA', true],
  ['550-5.7.1 likely unsolicited due to the very low\r\n550-5.7.1 reputation of the sending IP address.', 'DATA', true],
  ['550 5.7.1 Part of their network is on our block list (S3150).', 'MAIL FROM', true],
  ['421 4.7.0 [TSS04] Messages temporarily deferred', 'MAIL FROM', true],
  ['554 Message rejected: Sending paused for this account.', 'DATA', true],
  ['451 Authentication failed: Maximum credits exceeded', 'MAIL FROM', true],
  ['550 5.7.1 Message refused by policy', 'RCPT TO', false],
  ['550 5.1.1 The account is disabled', 'RCPT TO', false],
];
for (const [response, command, isReputation] of reputations) {
  test(`a refusal ${isReputation ? 'of our reputation' : 'of one mail'} is known: ${response.replace(/\r\n/g, ' ')}`, () => {
    const failure = readFailure({ response, responseCode: Number(response.slice(0, 3)), command }, false);
    assert.equal(failure.isReputation, isReputation);
    if (isReputation) assert.deepEqual([failure.blame, failure.outcome.kind], ['relay', 'retry']);
  });
}
