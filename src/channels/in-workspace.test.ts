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

/** Source: messaging-objects.md §7.2. */
const texts: [what: string, body: string, settings: object | null, problem: string | null][] = [
  ['1,530 septets', 'a'.repeat(1_530), null, null],
  ['1,531 septets', 'a'.repeat(1_531), null, 'expected at most 10 segments, got 11'],
  ['670 units', 'ж'.repeat(670), {}, null],
  ['671 units', 'ж'.repeat(671), {}, 'expected at most 10 segments, got 11'],
  ['1,600 septets, 11 segments allowed', 'a'.repeat(1_600), { max_segments: 11 }, null],
  ['161 septets, one segment allowed', 'a'.repeat(161), { max_segments: 1 }, 'expected at most 1 segments, got 2'],
  ['159 septets and an ellipsis', `${'a'.repeat(159)}…`, { max_segments: 2 }, 'expected at most 2 segments, got 3'],
  ['the same, with smart encoding', `${'a'.repeat(159)}…`, { max_segments: 2, smart_encoding: true }, null],
  ['a template', `{{x}}${'a'.repeat(1_531)}`, null, null],
];
for (const [what, body, account, problem] of texts) {
  test(`the text of an SMS, with its group's account: ${what}`, () => {
    const problems = new Problems();
    const sms = { app_id: 'x', subscription_group_id: 'g', body };
    const message = channels.sms.parse(sms, 'sms', problems, new Date());
    channels.sms.checkInGroup?.(message ?? {}, 'sms', problems, account && { kind: 'twilio', settings: account });
    const check = () => problems.throwIfAny();
    if (problem === null) check();
    else assert.throws(check, (error) => error instanceof RequestError && error.errors[0] === `sms.body: ${problem}`);
  });
}
