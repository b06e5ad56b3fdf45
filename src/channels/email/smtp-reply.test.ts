import assert from 'node:assert/strict';
import test from 'node:test';
import { readFailure } from './smtp-reply.ts';

type Said = { code?: string; command?: string; responseCode?: number; response?: string };

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
  ['a sender refused', { code: 'EENVELOPE', command: 'MAIL FROM', responseCode: 550 }, 'config_error', 'relay'],
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
  });
  assert.equal(readFailure({ command: 'DATA', responseCode: 554 }, true).blame, 'message');
});
