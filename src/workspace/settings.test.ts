import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { noEmailSettings } from '../channels/email/settings.ts';
import { rateBuckets, settingsFrom } from './settings.ts';

test('an operator can set the limit of every bucket that a route uses, and of no other', () => {
  const http = fileURLToPath(new URL('../http', import.meta.url));
  const sources = globSync(`${http}/**/*.ts`, { exclude: (name) => name.endsWith('.test.ts') });
  const source = sources.map((file) => readFileSync(file, 'utf8')).join('\n');
  const named = [...source.matchAll(/RateBucket = \{ name: '([^']+)'/g)].map(([, name = '']) => name);
  // Their names are put together from the path.
  const sending = ['/messages/send', '/campaigns/trigger/send', '/canvas/trigger/send'];
  for (const path of sending) assert.ok(source.includes(`'${path}'`), path);
  const scheduling = ['/campaigns/trigger/schedule/create', '/canvas/trigger/schedule/create'];
  const names = [...named, ...[...sending, ...scheduling].map((path) => `send_broadcast:${path}`)];
  assert.deepEqual(names.sort(), [...rateBuckets].sort());
});

test('a member that is not stored has its default', () => {
  assert.deepEqual(settingsFrom({ email: { footer: 'bye' } }, {}), {
    email: { ...noEmailSettings, footer: 'bye' },
    webhook: { deliver: false, allow: [] },
    audience: { missingNumberIsZero: true },
    requests: { keyInBody: false, strictContentType: false },
    schedules: { lateMs: 3_600_000 },
    users: { trackBatch: 'per_array' },
    itemCatalogs: { storageBytes: 2_147_483_648 },
    rateLimits: {},
  });
});
