import assert from 'node:assert/strict';
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import test from 'node:test';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import { readSignedToken, type TokenKey } from './signed-token.ts';

const now = new Date('2026-03-15T12:00:00Z');
const secret = createSecretKey('a secret of at least 32 characters', 'utf8');
const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const keys: TokenKey[] = [
  { algorithm: 'HS256', key: secret },
  { algorithm: 'RS256', key: pair.publicKey },
];
const read = (token: unknown, at = now) => readSignedToken(token, { keys, keyName: 'a key', now: at });

/** As another library writes them. */
function tokens(): Promise<string[]> {
  const claims = () => new SignJWT({ sub: 'ada' }).setExpirationTime(new Date('2026-03-15T13:00:00Z'));
  return Promise.all([
    claims().setProtectedHeader({ alg: 'HS256' }).sign(secret),
    claims().setProtectedHeader({ alg: 'RS256', kid: 'k', typ: 'JWT' }).sign(pair.privateKey),
  ]);
}

test('tokens of another library are read with the key of their algorithm, until they expire', async () => {
  for (const token of await tokens()) {
    assert.deepEqual(read(token), { ok: true, claims: { sub: 'ada', exp: 1_773_579_600 } });
    assert.deepEqual(read(token, new Date('2026-03-15T13:00:00Z')), { ok: false, problem: 'exp: has passed' });
    const [header = '', claims = '', signature = ''] = token.split('.');
    const only = (key: TokenKey) => readSignedToken(token, { keys: [key], keyName: 'a key', now }).ok;
    assert.deepEqual(keys.map(only).sort(), [false, true]);
    assert.equal(read(`${header}.${claims}.${signature.slice(0, -2)}`).ok, false);
  }
});

test('no change of a token is read, and nothing throws', async () => {
  const good = await tokens();
  const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ '];
  fc.assert(
    fc.property(fc.constantFrom(...good), fc.nat(), fc.constantFrom(...alphabet), (token, place, letter) => {
      const at = place % token.length;
      const changed = token.slice(0, at) + letter + token.slice(at + 1);
      const reading = read(changed);
      // The last letter of base64 may hold bits that stand for nothing.
      const isSame = Buffer.from(changed.split('.')[2] ?? '', 'base64url').equals(
        Buffer.from(token.split('.')[2] ?? '', 'base64url'),
      );
      assert.ok(
        !reading.ok ||
          changed === token ||
          (isSame && changed.split('.').slice(0, 2).join('.') === token.split('.').slice(0, 2).join('.')),
      );
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.anything(), (value) => assert.equal(read(value).ok, false)),
    { numRuns: 200 },
  );
});
