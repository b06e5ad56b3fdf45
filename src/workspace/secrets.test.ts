import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { deriveKey, loadSecret, open, seal, secretFrom } from './secrets.ts';

const secret = secretFrom('a secret of the tests, long enough');

test('a sealed value opens again, and its bytes do not show the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 4 }), fc.string(), (text, place) => {
      const sealed = seal(secret, text, place);
      return open(secret, sealed, place) === text && !sealed.includes(Buffer.from(text));
    }),
  );
});

test('sealing the same text twice gives different bytes', () => {
  assert.notDeepEqual(seal(secret, 'x', 'apps/1'), seal(secret, 'x', 'apps/1'));
});

const wrong: [string, () => Buffer, RegExp][] = [
  [
    'sealed with another secret',
    () => seal(secretFrom('another one, also long enough....'), 'pw', 'apps/1'),
    /^apps\/1: the stored credentials were sealed with another secret\. Start with the CRESSET_SECRET \(or the file "secret" of the data folder\) that was in use, or store the credentials anew: cresset apply --reseal <workspace file>\.$/,
  ],
  [
    'sealed for another place',
    () => seal(secret, 'pw', 'apps/2'),
    /^apps\/1: the stored credentials are damaged; apply the workspace file again$/,
  ],
  [
    'changed by one bit',
    () => seal(secret, 'pw', 'apps/1').map((byte, at) => (at === 33 ? byte ^ 1 : byte)) as Buffer,
    /damaged/,
  ],
  ['of another version', () => Buffer.concat([Buffer.from([2]), Buffer.alloc(60)]), /form that this version does not/],
  ['too short', () => Buffer.from([1, 2, 3]), /form that this version does not know$/],
  ['empty', () => Buffer.alloc(0), /form that this version does not know$/],
];
for (const [what, make, message] of wrong) {
  test(`a value ${what} does not open`, () => {
    assert.throws(() => open(secret, Buffer.from(make()), 'apps/1'), { name: 'SecretError', message });
  });
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'cresset-secret-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('without a secret in the environment, one is made in the data folder, readable by its owner only, and kept', (t) => {
  const dataDir = join(folder(t), 'not', 'there');
  const made = loadSecret({ secret: null, dataDir });
  assert.equal(statSync(join(dataDir, 'secret')).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(dataDir), ['secret']);
  assert.equal(open(loadSecret({ secret: null, dataDir }), seal(made, 'pw', 'x'), 'x'), 'pw');
});

test('the secret of the environment goes before the file, and nothing is written', (t) => {
  const dataDir = folder(t);
  const loaded = loadSecret({ secret: 'a secret of the tests, long enough', dataDir });
  assert.deepEqual(loaded.fingerprint, secret.fingerprint);
  assert.deepEqual(readdirSync(dataDir), []);
});

test('an empty secret file is refused and not replaced', (t) => {
  const dataDir = folder(t);
  writeFileSync(join(dataDir, 'secret'), '\n');
  assert.throws(() => loadSecret({ secret: null, dataDir }), {
    name: 'SecretError',
    message: `${join(dataDir, 'secret')}: expected a secret of at least 32 characters`,
  });
});

test('printing a secret reveals nothing', (t) => {
  const dataDir = folder(t);
  const printed = inspect(loadSecret({ secret: null, dataDir }), { depth: 9 });
  assert.equal(printed.includes(readFileSync(join(dataDir, 'secret'), 'utf8').trim()), false);
  assert.match(printed, /SecretKeyObject/);
});

test('a derived key depends on the secret and on the purpose', () => {
  const hex = (text: string, purpose: string) => deriveKey(secretFrom(text), purpose).export().toString('hex');
  const keys = [hex('one', 'links'), hex('one', 'cookies'), hex('two', 'links')];
  assert.equal(new Set(keys).size, 3);
  assert.equal(hex('one', 'links'), keys[0]);
});
