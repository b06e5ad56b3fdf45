import assert from 'node:assert/strict';
import test from 'node:test';
import { RequestError } from '../errors.ts';
import { Problems } from '../lib/raw/problems.ts';
import type { ChannelKey } from './channel.ts';
import type { ChannelSettings } from './channel-settings.ts';
import { noEmailSettings } from './email/settings.ts';
import { channels } from './index.ts';

function settings({
  defaultFrom = null,
  allow = [],
}: {
  defaultFrom?: string | null;
  allow?: string[];
}): ChannelSettings {
  return {
    email: { ...noEmailSettings, defaultFrom },
    webhook: { deliver: true, allow },
  };
}

/** Parses and checks a message in a workspace. Returns the problems or null, and one member of the message. */
function check(key: ChannelKey, raw: Record<string, unknown>, of: ChannelSettings, member: string) {
  const channel = channels[key];
  const problems = new Problems();
  const message = channel.parse(channel.withDefaults?.(raw, of) ?? raw, key, problems, new Date());
  if (message !== null) channel.checkInWorkspace?.(message, key, problems, of);
  try {
    problems.throwIfAny();
    return { problems: null, [member]: Object.entries(message ?? {}).find(([name]) => name === member)?.[1] };
  } catch (error) {
    return { problems: error instanceof RequestError ? error.errors : [String(error)] };
  }
}

const mail = { app_id: 'a', body: 'b' };
const acme = 'Acme <hello@acme.test>';
const noSender = ['email.from: is required: this workspace has no default sender'];
const senders: [what: string, given: object, defaultFrom: string | null, expected: object][] = [
  ['its own', { from: 'ada@x.test' }, acme, { problems: null, from: 'ada@x.test' }],
  ['the workspace’s', {}, acme, { problems: null, from: acme }],
  ['the workspace’s for null', { from: null }, acme, { problems: null, from: acme }],
  ['the workspace’s for the empty text', { from: '' }, acme, { problems: null, from: acme }],
  ['none', {}, null, { problems: noSender }],
  ['none for the empty text', { from: '' }, null, { problems: noSender }],
];
for (const [what, given, defaultFrom, expected] of senders) {
  test(`the sender of a mail: ${what}`, () => {
    assert.deepEqual(check('email', { ...mail, ...given }, settings({ defaultFrom }), 'from'), expected);
  });
}

/** Source: messaging-objects.md §9.2 and §9.4. */
const badPort = [
  'webhook.url: expected port 80 or 443, got 8443: webhook.allow in the workspace file names no other target',
];
const targets: [url: string, allow: string[], problems: string[] | null][] = [
  ['https://hooks.test/x', [], null],
  ['https://hooks.test:443/x', [], null],
  ['http://hooks.test:80/x', [], null],
  ['http://hooks.test:443/x', [], null],
  ['https://hooks.test:8443/x', [], badPort],
  ['https://hooks.test:8443/x', ['hooks.test:8443'], null],
  ['https://hooks.test:{{ port }}/x', [], null],
];
for (const [url, allow, problems] of targets) {
  test(`a webhook to ${url}, with ${allow.length} allowed targets: ${problems === null ? 'accepted' : 'refused'}`, () => {
    const found = check('webhook', { url, request_method: 'POST' }, settings({ allow }), 'url');
    assert.deepEqual(found, problems === null ? { problems, url } : { problems });
  });
}
