import assert from 'node:assert/strict';
import test from 'node:test';
import { channelNamesIn } from './channel-names.ts';

const found = [
  "if (key === 'email') links();",
  'settings.email.listUnsubscribe',
  'messages?.email',
  "  sms: 'sms',",
  'body.messages.webhook',
  "channel === 'apple_push'",
  "kind === 'fcm' ? 600_000 : null",
  'const whats_app = 1;',
  "kind === 'email' ? a : settings.email",
  "import { render } from '../../channels/web-push/render.ts';",
];
for (const line of found) {
  test(`a channel is named by: ${line}`, () => {
    const text = `const a = 1;\n${line}\n`;
    assert.deepEqual(channelNamesIn('src/x.ts', text), [`src/x.ts:2: names a channel: ${line.trim()}`]);
  });
}

const fine = [
  'return person.email;',
  "if (channel.address.kind === 'email') return null;",
  "select distinct workspace_id, 'email', lower(address)",
  '/** SMS and webhook:\n * sms, fcm */',
  '  // webhook',
  'emailFlags, webhooks, smsLike',
  "import { channels } from '../../channels/index.ts';",
];
for (const text of fine) {
  test(`no channel is named by: ${text}`, () => assert.deepEqual(channelNamesIn('src/x.ts', text), []));
}
