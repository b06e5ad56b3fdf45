import assert from 'node:assert/strict';
import test from 'node:test';
import { channelKeys } from './channel.ts';
import { channels } from './index.ts';

/** The facts that the gates read, by the kind of address. Source: eligibility.md §1, steps 5 to 8. */
const looked = {
  email: ['emailFlags'],
  phone: ['groups', 'phoneFlags'],
  push: ['push'],
  none: [],
} as const;
const marked = { email: 'hard_bounced', phone: 'invalid_phone', push: null, none: null } as const;

for (const key of channelKeys) {
  const channel = channels[key];
  const { kind } = channel.address;

  test(`${key} is listed under its own key`, () => assert.equal(channel.key, key));

  test(`${key} needs the facts that its gates read`, () => {
    assert.deepEqual([...channel.needs].sort(), [...looked[kind]].sort());
  });

  test(`${key} marks no address of another kind as dead`, () => {
    assert.ok(channel.deadMark === null || channel.deadMark === marked[kind]);
  });

  test(`${key} is sent by the apps' accounts if, and only if, it goes to devices`, () => {
    assert.equal(channel.providers?.of === 'app', kind === 'push');
  });

  test(`${key} is retried if, and only if, a provider sends it`, () => {
    const isSentAway = channel.providers !== null && channel.providers.of !== 'feed';
    assert.equal(channel.retry !== undefined, isSentAway);
  });
}

/** Source: eligibility.md §4; messaging-objects.md §10.4. */
const families = {
  android_push: 'push',
  apple_push: 'push',
  content_card: null,
  email: 'email',
  kindle_push: 'push',
  sms: 'sms',
  web_push: 'push',
  webhook: 'webhook',
  whats_app: 'whats_app',
};
test('caps count all pushes together and do not count cards', () => {
  assert.deepEqual(Object.fromEntries(channelKeys.map((key) => [key, channels[key].capFamily])), families);
});

/** Source: messaging-objects.md §6.7, §7.7 and §8.5: a number that WhatsApp cannot reach stays valid for SMS. */
test('only a bounced mail and a number that SMS cannot reach mark the address as dead', () => {
  const marks = channelKeys.flatMap((key) => (channels[key].deadMark === null ? [] : [[key, channels[key].deadMark]]));
  assert.deepEqual(marks, [
    ['email', 'hard_bounced'],
    ['sms', 'invalid_phone'],
  ]);
});
