import assert from 'node:assert/strict';
import { createECDH, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { isObject } from '../../lib/raw/json.ts';
import { applyWorkspace } from '../file/apply.ts';
import { readWorkspaceFile } from '../file/file.ts';
import { createKey } from '../keys/keys.ts';
import { secretFrom } from '../secrets.ts';
import { readDefinitions } from './definitions.ts';
import { Hidden, relayUrl } from './hidden.ts';
import { maskSecrets, renderFile } from './render.ts';

const secret = secretFrom('a secret of the tests, long enough');
const page = readFileSync(new URL('../../../docs/workspace-file.md', import.meta.url), 'utf8');

/** What no export may hold. */
const secrets = {
  ADM_SECRET: 'the-secret-of-adm',
  TWILIO_TOKEN: 'the-token-of-twilio',
  WHATSAPP_TOKEN: 'the-token-of-whatsapp',
  WHATSAPP_APP_SECRET: 'the-app-secret-of-whatsapp',
  WHATSAPP_VERIFY_TOKEN: 'the-verify-token-of-whatsapp',
  SHOP_PASSWORD: 'the-password-of-the-shop',
  BACKEND_KEY: 'the-key-of-the-back-end',
  CARDS_KEY: 'the key of cards, of at least 32 characters',
  WEB_PUSH_IDENTITY_KEY: 'the identity key, of at least 32 characters',
  EVENTS_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  VAPID_PRIVATE: Buffer.alloc(32, 7).toString('base64url'),
};

/** The values of all hidden parts, in the order of the exported variables. */
function hiddenValues(value: unknown): (string | null)[] {
  if (value instanceof Hidden) {
    const found: (string | null)[] = [];
    value.show((part) => {
      found.push(part.value);
      return '';
    });
    return found;
  }
  if (Array.isArray(value)) return value.flatMap(hiddenValues);
  return isObject(value) ? Object.values(value).flatMap(hiddenValues) : [];
}

test('an exported file shows no secret, and applying it changes nothing', async (t) => {
  const { db, workspaceId } = await testDatabase(t);
  const folder = mkdtempSync(join(tmpdir(), 'cresset-export-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem);
  const p8 = String(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pem));
  writeFileSync(join(folder, 'sa.json'), JSON.stringify({ project_id: 'p', client_email: 'a@b', private_key: rsa }));
  writeFileSync(join(folder, 'AuthKey.p8'), p8);
  const vapid = createECDH('prime256v1');
  vapid.setPrivateKey(Buffer.alloc(32, 7));
  const env = {
    ...secrets,
    ADM_ID: 'i',
    VAPID_PUBLIC: vapid.getPublicKey().toString('base64url'),
    ODD: 'a ${env:X} b',
  };
  const apply = (source: string, variables: Record<string, string>, dryRun: boolean) => {
    const at = { path: join(folder, 'workspace.yaml'), env: variables };
    const file = readWorkspaceFile(source, at, () => []);
    const checks = { checkReferences: () => [], checkContent: () => [] };
    return applyWorkspace(db, { workspaceId, file, path: at.path, secret, dryRun, ...checks });
  };
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const source = example
    .replace('smtp://127.0.0.1:1025', 'smtp://token-of-the-relay:token-of-the-relay@relay.test:1025')
    .replace('"<p>On its way</p>"', '"${env:ODD}"');
  await apply(source, env, false);
  // A variation that the file has no more stays, with no share of the people.
  await apply(source.replace('id: shipped-mail', 'id: shipped-mail-2'), env, false);
  await createKey(db, workspaceId, { name: 'by hand', permissions: ['status.read'], allowFrom: [], createdBy: 'test' });

  const definitions = await readDefinitions(db, workspaceId, secret);
  const { yaml, variables } = renderFile(definitions);
  for (const text of [...Object.values(secrets), 'token-of-the-relay', p8.split('\n')[1] ?? '', 'PRIVATE KEY'])
    assert.ok(!yaml.includes(text), text);
  assert.match(yaml, /url: smtp:\/\/\$\{env:SMTP_RELAY_TEST_1025_USER\}:\$\{env:SMTP_RELAY_TEST_1025_PASSWORD\}@relay/);
  assert.match(yaml, /auth_token: \$\{env:ALERTS_TWILIO_AUTH_TOKEN\}/);
  const encoded = '(in a URL: % is %25, @ is %40, : is %3A, / is %2F, # is %23, ? is %3F)';
  assert.match(yaml, /^# {3}SMTP_RELAY_TEST_1025_PASSWORD: email\.smtp(\[0\])?\.url \(/m);
  const explained = yaml.split('\n').filter((line) => line.endsWith(encoded));
  assert.equal(explained.length, 2, 'only the user and the password of the URL');
  const odd = variables.filter(({ value }) => value !== null);
  assert.deepEqual(
    odd.map(({ value }) => value),
    ['a ${env:X} b'],
    'a text that would be read as a reference',
  );

  const values = hiddenValues(definitions);
  const again = variables.map(({ name, path, value }): [string, string] => {
    const known = value ?? values[variables.filter((one) => one.value === null).findIndex((one) => one.name === name)];
    return [name, known ?? (path.startsWith('api_keys') ? secrets.BACKEND_KEY : '')];
  });
  const { plan } = await apply(yaml, Object.fromEntries(again), true);
  assert.deepEqual(
    plan.filter(({ kind }) => kind !== 'unchanged'),
    [],
  );
  assert.ok(plan.length >= 25, `${plan.length}`);

  const shown = JSON.stringify(maskSecrets(definitions, secret));
  for (const text of [...Object.values(secrets), 'token-of-the-relay', 'PRIVATE KEY'])
    assert.ok(!shown.includes(text), text);
  assert.match(shown, /"auth_token":\{"secret":true,"digest":"[0-9a-f]{8}"\}/);
  assert.match(shown, /"shown":"smtp:\/\/•••:•••@relay\.test:1025"/);
});

const urls: readonly [string, string][] = [
  ['smtp://relay.test', 'smtp://relay.test'],
  ['smtps://ada:pw@relay.test:465', 'smtps://ada:X@relay.test:465'],
  ['smtps://token:token@relay.test', 'smtps://X:X@relay.test'],
  ['smtp://token@relay.test', 'smtp://X@relay.test'],
  ['smtp://a:p@w:x@relay.test', 'smtp://a:X@relay.test'],
  ['smtp://a:p%40w@relay.test/?x=1', 'smtp://a:X@relay.test/?x=1'],
];
for (const [url, shown] of urls)
  test(`of the relay ${url}, ${shown} is shown`, () => {
    const read = relayUrl(url, 'main');
    assert.equal(read instanceof Hidden ? read.show(() => 'X') : read, shown);
  });

test('a secret is printed by nothing', () => {
  const hidden = new Hidden([{ value: 'the-secret', words: ['x'] }]);
  assert.equal(JSON.stringify({ hidden }), '{"hidden":{"isSecret":true}}');
  assert.equal(`${hidden}`.includes('the-secret'), false);
});
