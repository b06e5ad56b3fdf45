import { isObject, type Json, valueAt, withValues } from '../../lib/document.ts';
import type { Offer } from './channels.ts';

/** Members that say for whom a document is, and which only sends to many have. */
const targets = ['external_user_ids', 'user_aliases', 'segment_id', 'audience', 'broadcast', 'send_id', 'cresset'];

/** The text for these people and nobody else, at once. Its own members stay as they are written. */
export function textFor(text: string, people: readonly string[], without: readonly string[] = []): string {
  const gone = [...targets, ...without].map((member) => [[member], undefined] as const);
  return withValues(text, [...gone, [['external_user_ids'], people]]);
}

/** What a person needs to be reached on a channel, as members of `/users/track`. null: a test has no such person. */
function addressOn(channel: string, message: unknown, { apps }: Offer): object | null {
  const platform = { android_push: 'android', apple_push: 'ios', kindle_push: 'kindle' }[channel];
  if (channel === 'webhook') return {};
  if (channel === 'email') return { email: 'ada@example.com', email_subscribe: 'opted_in' };
  if (channel === 'sms') {
    const group = valueAt(message, ['subscription_group_id']);
    const groups = [{ subscription_group_id: group, subscription_state: 'subscribed' }];
    return { phone: '+4366412345678', subscription_groups: groups };
  }
  if (platform === undefined) return null;
  const app = apps.find((one) => one.platform === platform)?.id ?? 'ID_OF_YOUR_APP';
  return { push_subscribe: 'opted_in', push_tokens: [{ app_id: app, token: 'a'.repeat(64) }] };
}

/** The member of the message that a test looks at, and where its template stands. */
const looked: Readonly<Record<string, readonly [member: string, path: readonly string[]]>> = {
  email: ['subject', ['subject']],
  apple_push: ['body', ['alert', 'body']],
  android_push: ['body', ['alert']],
  kindle_push: ['body', ['alert']],
  sms: ['body', ['body']],
  webhook: ['body', ['body']],
};

const PERSON = 'ada';

/**
 * A test in JavaScript that sends the document to a person of its own, by `cresset/testing`, and waits for each of its
 * messages. Channels whose messages are not in the sandbox, or for which no person is easily made, are left out in words.
 */
export function asTest(text: string, body: Json, offer: Offer): string {
  const messages = Object.entries(isObject(body.messages) ? body.messages : {});
  const known = messages.map(([channel, message]) => ({ channel, message, needs: addressOn(channel, message, offer) }));
  const person = Object.assign({ external_id: PERSON, first_name: 'Ada' }, ...known.map(({ needs }) => needs ?? {}));
  const request = textFor(text, [PERSON]).trimEnd();
  return [
    "import assert from 'node:assert/strict';",
    "import test from 'node:test';",
    "import { createCresset } from 'cresset/testing';",
    '',
    `const person = ${JSON.stringify(person, null, 2)};`,
    `const request = ${request};`,
    '',
    "test('the message reaches its person', async (t) => {",
    "  const cresset = await createCresset({ workspace: 'workspace.yaml' });",
    '  t.after(() => cresset.close());',
    '  const post = async (path, body) => {',
    "    const headers = { authorization: `Bearer ${cresset.key}`, 'content-type': 'application/json' };",
    "    const answer = await fetch(cresset.url + path, { method: 'POST', headers, body: JSON.stringify(body) });",
    '    assert.equal(answer.status, 201, await answer.clone().text());',
    '    return answer.json();',
    '  };',
    "  await post('/users/track', { attributes: [person] });",
    "  const { dispatch_id: dispatchId } = await post('/messages/send', request);",
    ...known.flatMap(({ channel, message, needs }) => linesOn(channel, message, needs !== null)),
    '});',
    '',
  ].join('\n');
}

function linesOn(channel: string, message: unknown, isKnown: boolean): string[] {
  const { [channel]: look } = looked;
  if (!isKnown || look === undefined) return [`  // ${channel}: give the person what it needs, and look at what came.`];
  const [member, path] = look;
  const written = valueAt(message, path);
  const isPlain = typeof written === 'string' && !/\{[{%]/.test(written);
  const got = `${channel}.message.${member}`;
  return [
    `  const ${channel} = await cresset.waitForMessage({ channel: '${channel}', externalId: '${PERSON}', dispatchId });`,
    isPlain ? `  assert.equal(${got}, ${JSON.stringify(written)});` : `  assert.ok(${got}); // what should it say?`,
  ];
}
