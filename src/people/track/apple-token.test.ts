import assert from 'node:assert/strict';
import test from 'node:test';
import { canonicalAppleToken } from './apple-token.ts';

test('one device has one token, however it is printed', () => {
  const token = '740f4707bebcf74f9b7c25d48e335894 5f6aa01da5ddb387462c7eaf61bb78ad'.replace(' ', '');
  for (const written of [token, token.toUpperCase(), `<${token.replace(/.{8}/g, '$& ').trim()}>`, ` ${token} `])
    assert.equal(canonicalAppleToken(written), token, written);
});

test('a text that is no hex is not changed', () => {
  for (const text of ['', 'Token-A', '<x y>', 'ABC', 'DEVICE a']) assert.equal(canonicalAppleToken(text), text);
});
