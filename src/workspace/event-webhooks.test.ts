import assert from 'node:assert/strict';
import test from 'node:test';
import { openWebhookSecrets, sealWebhookSecrets, secretProblem, webhookUrlProblem } from './event-webhooks.ts';
import { secretFrom } from './secrets.ts';

test('a secret is whsec_ and the base64 of 24 to 64 bytes', () => {
  const secret = (bytes: number) => `whsec_${Buffer.alloc(bytes, 1).toString('base64')}`;
  for (const bytes of [24, 32, 64]) assert.equal(secretProblem(secret(bytes)), null);
  for (const wrong of [secret(23), secret(65), 'whsec_', Buffer.alloc(32).toString('base64'), 'whsec_!!!!'])
    assert.match(secretProblem(wrong) ?? '', /^expected whsec_/);
});

test('a webhook has a URL of http or https, without credentials', () => {
  assert.equal(webhookUrlProblem('https://hooks.example.com/a?b=c'), null);
  for (const wrong of ['hooks.example.com', 'ftp://a.b', 'https://user:pass@a.b', 'javascript:alert(1)', ''])
    assert.notEqual(webhookUrlProblem(wrong), null);
});

test('sealed secrets open in their own row only, with the one before and its time', () => {
  const key = secretFrom('a secret that is long enough for this');
  const secrets = { secret: 'whsec_a', previous: { secret: 'whsec_b', until: new Date('2026-03-15T12:00:00Z') } };
  const sealed = sealWebhookSecrets(secrets, key, 1, 'a');
  assert.deepEqual(openWebhookSecrets(sealed, key, 1, 'a'), secrets);
  assert.throws(() => openWebhookSecrets(sealed, key, 1, 'b'), /damaged/);
  const alone = { secret: 'whsec_a', previous: null };
  assert.deepEqual(openWebhookSecrets(sealWebhookSecrets(alone, key, 1, 'a'), key, 1, 'a'), alone);
});
