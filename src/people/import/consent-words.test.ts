import assert from 'node:assert/strict';
import test from 'node:test';
import { readConsent } from './consent-words.ts';

const own = new Map([
  ['jep', true],
  ['nö', false],
  ['n', true],
]);

test('yes is opted in, and subscribed in a group; no is unsubscribed', () => {
  for (const word of ['ja', 'Ja ', 'YES', 'true', '1', 'Wahr', 'oui', 'sí', 'jep', 'n']) {
    assert.equal(readConsent(word, 'global_state', 'email_subscribe', own), 'opted_in', word);
    assert.equal(readConsent(word, 'group_state', 'subscription_state', own), 'subscribed', word);
  }
  for (const word of ['nein', 'No', 'false', '0', 'FALSCH', 'non', 'nö'])
    assert.equal(readConsent(word, 'global_state', 'email_subscribe', own), 'unsubscribed', word);
});

test('a state is itself, however it is spelt, and other words are refused', () => {
  for (const [word, state] of [
    ['opted_in', 'opted_in'],
    ['Opted In', 'opted_in'],
    ['Subscribed', 'subscribed'],
    ['unsubscribed', 'unsubscribed'],
  ] as const)
    assert.equal(readConsent(word, 'global_state', 'email_subscribe', own), state);
  for (const word of ['vielleicht', 'x', '2', 'constructor', 'opted'])
    for (const [booleans, more] of [
      [new Map(), '; --booleans ja/nein adds words'],
      [own, ''],
    ] as const)
      assert.throws(() => readConsent(word, 'global_state', 'email_subscribe', booleans), {
        message: `email_subscribe: expected opted_in, subscribed, unsubscribed, or a word for yes or no${more}`,
      });
  assert.throws(() => readConsent('opted_in', 'group_state', 'subscription_state', own), /expected subscribed, unsub/);
});
