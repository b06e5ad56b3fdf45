import assert from 'node:assert/strict';
import { createECDH, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { readWorkspaceFile } from './file.ts';

const page = readFileSync(new URL('../../../docs/workspace-file.md', import.meta.url), 'utf8');

test('the example of docs/workspace-file.md is valid and has every section', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-docs-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const pem = { type: 'pkcs8', format: 'pem' } as const;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem);
  const account = { project_id: 'p', client_email: 'a@b', private_key: rsa };
  writeFileSync(join(folder, 'sa.json'), JSON.stringify(account));
  writeFileSync(join(folder, 'AuthKey.p8'), generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pem));
  const vapid = createECDH('prime256v1');
  vapid.setPrivateKey(Buffer.alloc(32, 7));
  const env = {
    ADM_ID: 'i',
    ADM_SECRET: 's',
    VAPID_PUBLIC: vapid.getPublicKey().toString('base64url'),
    VAPID_PRIVATE: vapid.getPrivateKey().toString('base64url'),
    WEB_PUSH_IDENTITY_KEY: 'a key of at least 32 characters, of ours',
    CARDS_KEY: 'a key of at least 32 characters, of ours',
    TWILIO_TOKEN: 't',
    WHATSAPP_TOKEN: 't',
    WHATSAPP_APP_SECRET: 't',
    WHATSAPP_VERIFY_TOKEN: 't',
    SHOP_PASSWORD: 'p',
    EVENTS_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    BACKEND_KEY: 'a-key-of-16-characters',
  };
  const source = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const file = readWorkspaceFile(source, { path: join(folder, 'workspace.yaml'), env }, () => []);
  const missing = Object.entries(file).filter(([, section]) => section === null || [section].flat().length === 0);
  assert.deepEqual(missing, []);
  const kinds = file.apps.map((app) => (app.apns ?? app.fcm ?? app.adm ?? app.vapid)?.kind);
  assert.deepEqual(kinds, ['apns', 'fcm', 'adm', 'vapid']);
});
