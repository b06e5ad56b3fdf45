// Steps 5 to 8 of eligibility.md §1, row by row: the gates that need only the facts of the person.
import assert from 'node:assert/strict';
import test from 'node:test';
import { device, dispatchOf, GROUP, messagesOf, now, recipient } from '../../../test/support/send-facts.ts';
import type { ChannelKey } from '../../channels/channel.ts';
import { type RequiredState, requiredStates } from '../../people/consent/required-state.ts';
import type { AddressFlags, Recipient } from '../../people/profile/facts.ts';
import type { GlobalState } from '../../templating/facts.ts';
import type { SkipReason } from '../plan/reasons.ts';
import type { SendPlan } from '../plan/send-plan.ts';
import { decide } from './decide.ts';

import { type AddressTurn, factsOf, type SendFacts } from './send-facts.ts';

interface Options {
  requiredState?: RequiredState;
  turn?: AddressTurn;
  messages?: SendPlan['messages'];
}

function factsFor(channel: ChannelKey, person: Recipient | null, options: Options = {}): SendFacts {
  const { requiredState = 'subscribed', turn = 'own', messages = messagesOf(channel) } = options;
  const gate = dispatchOf(messages, { plan: { requiredState } }).messages.get(channel)?.gate;
  assert.ok(gate);
  return factsOf(person, gate, turn, now);
}

/** `admit`, `later`, or the reason of the refusal, which must be a skip. */
function verdict(channel: ChannelKey, person: Recipient | null, options: Options = {}): string {
  const decision = decide(factsFor(channel, person, options));
  if (decision.kind !== 'refuse') return decision.kind;
  assert.equal(decision.status, 'skipped');
  return decision.reason;
}

function detailOf(channel: ChannelKey, person: Recipient): string | null {
  const decision = decide(factsFor(channel, person));
  assert.equal(decision.kind, 'refuse');
  return decision.kind === 'refuse' ? decision.detail : null;
}

test('a refusal has the fact that it rests on: when it began, or which address is missing', () => {
  const at = now.toISOString();
  const unsubscribed = { emailState: 'unsubscribed' } as const;
  const table: [ChannelKey, Recipient, string | null][] = [
    ['email', recipient({ person: { email: null } }), 'no email address is stored'],
    ['sms', recipient({ person: { phone: null } }), 'no phone number is stored'],
    ['web_push', recipient({ pushTargets: [device()] }), 'no usable push token of the platform web is stored'],
    [
      'apple_push',
      recipient({ pushTargets: [device({ foreground: false })] }),
      'all push tokens of the platform ios are for the background',
    ],
    ['email', recipient({ person: unsubscribed, emailUnsubscribedAt: now }), `unsubscribed from all mails at ${at}`],
    ['email', recipient({ person: unsubscribed }), null],
    [
      'apple_push',
      recipient({ pushState: 'unsubscribed', pushUnsubscribedAt: now, pushTargets: [device()] }),
      `unsubscribed from all push messages at ${at}`,
    ],
    [
      'email',
      recipient({ emailFlags: { ...noFlags, hardBouncedAt: now } }),
      `bounced at ${at}; POST /email/bounce/remove lifts it`,
    ],
    ['email', recipient({ emailFlags: { ...noFlags, markedSpamAt: now } }), `marked as spam at ${at}`],
    ['sms', recipient({ phoneFlags: { ...noFlags, invalidAt: now } }), `found invalid at ${at}`],
    [
      'sms',
      recipient({ person: { subscriptionGroups: { [GROUP]: 'unsubscribed' } } }),
      'the state in the group is unsubscribed',
    ],
    ['whats_app', recipient({ person: { subscriptionGroups: {} } }), 'the state in the group is not set'],
  ];
  for (const [channel, person, expected] of table) assert.equal(detailOf(channel, person), expected);
});

const pushChannels = { apple_push: 'ios', android_push: 'android', kindle_push: 'kindle', web_push: 'web' } as const;
const isPush = (key: ChannelKey): key is keyof typeof pushChannels => key in pushChannels;
const noFlags: AddressFlags = { hardBouncedAt: null, markedSpamAt: null, invalidAt: null, suppressedAt: null };

/** A device of the channel's platform. Empty: the channel does not go to devices. */
const onPlatform = (key: ChannelKey) => (isPush(key) ? [device({ platform: pushChannels[key] })] : []);

test('a person who has everything is admitted by every channel', () => {
  const keys = ['content_card', 'email', 'sms', 'webhook', 'whats_app', ...Object.keys(pushChannels)] as ChannelKey[];
  for (const key of keys) assert.equal(verdict(key, recipient({ pushTargets: onPlatform(key) })), 'admit', key);
});

test('a person who was deleted since is unknown', () => {
  assert.equal(verdict('webhook', null), 'unknown_user');
  assert.equal(verdict('email', null), 'unknown_user');
});

test('step 5: the address of each channel', () => {
  const table: [channel: ChannelKey, person: Recipient, verdict: 'admit' | SkipReason][] = [
    ['email', recipient({ person: { email: null } }), 'no_address'],
    ['sms', recipient({ person: { phone: null } }), 'no_address'],
    ['whats_app', recipient({ person: { phone: null } }), 'no_address'],
    ['email', recipient({ person: { phone: null }, pushTargets: [] }), 'admit'],
    ['content_card', recipient({ person: { email: null, phone: null }, pushTargets: [] }), 'admit'],
    ['webhook', recipient({ person: { email: null, phone: null }, pushTargets: [] }), 'admit'],
    ['apple_push', recipient({ pushTargets: [] }), 'no_address'],
    ['apple_push', recipient({ pushTargets: [device({ platform: 'android' })] }), 'no_address'],
    ['apple_push', recipient({ pushTargets: [device({ foreground: false })] }), 'no_address'],
    ['web_push', recipient({ pushTargets: [device({ platform: 'web' })] }), 'admit'],
    ['kindle_push', recipient({ pushTargets: [device({ platform: 'android' })] }), 'no_address'],
  ];
  for (const [channel, person, expected] of table)
    assert.equal(verdict(channel, person), expected, `${channel} to ${JSON.stringify(person)}`);
});

test('step 5: only a silent push may go to background tokens', () => {
  const background = { foreground: false };
  const silentApple = { apple_push: { 'content-available': true } };
  const silentAndroid = { android_push: { send_to_sync: true } };
  const onApple = recipient({ pushTargets: [device(background)] });
  const onAndroid = recipient({ pushTargets: [device({ ...background, platform: 'android' })] });
  assert.equal(verdict('apple_push', onApple, { messages: silentApple }), 'admit');
  assert.equal(verdict('apple_push', onApple), 'no_address');
  assert.equal(verdict('android_push', onAndroid, { messages: silentAndroid }), 'admit');
  assert.equal(verdict('android_push', onAndroid), 'no_address');
});

test('step 5: a push goes to all devices of the platform, or only to the most recently used one', () => {
  const [latest, other] = [device({ token: 'latest' }), device({ token: 'other' })];
  const person = recipient({ pushTargets: [device({ token: 'web', platform: 'web' }), latest, other] });
  const one = { apple_push: { alert: 'a', send_to_most_recent_device_only: true } };
  assert.deepEqual(factsFor('apple_push', person).pushTargets, [latest, other]);
  assert.deepEqual(factsFor('apple_push', person, { messages: one }).pushTargets, [latest]);
  assert.equal(factsFor('apple_push', person).address, null);
  assert.equal(factsFor('email', person).address, 'ada@acme.test');
  assert.equal(factsFor('sms', person).address, '+14155550100');
  assert.equal(factsFor('webhook', person).address, null);
});

test('step 6: the effect of each flag of an address', () => {
  type Row = [flags: Partial<AddressFlags>, verdicts: Record<'email' | 'sms' | 'whats_app', string>];
  const table: Row[] = [
    [{}, { email: 'admit', sms: 'admit', whats_app: 'admit' }],
    [{ hardBouncedAt: now }, { email: 'hard_bounced', sms: 'admit', whats_app: 'admit' }],
    [{ markedSpamAt: now }, { email: 'marked_spam', sms: 'admit', whats_app: 'admit' }],
    [{ invalidAt: now }, { email: 'admit', sms: 'invalid_phone', whats_app: 'admit' }],
    [{ suppressedAt: now }, { email: 'suppressed', sms: 'suppressed', whats_app: 'suppressed' }],
    [
      { invalidAt: now, suppressedAt: now },
      { email: 'suppressed', sms: 'invalid_phone', whats_app: 'suppressed' },
    ],
  ];
  for (const [changes, verdicts] of table) {
    const flags = { ...noFlags, ...changes };
    for (const [channel, expected] of Object.entries(verdicts) as [ChannelKey, string][]) {
      const own = channel === 'email' ? { emailFlags: flags } : { phoneFlags: flags };
      const others = channel === 'email' ? { phoneFlags: flags } : { emailFlags: flags };
      assert.equal(verdict(channel, recipient(own)), expected, `${channel} with ${JSON.stringify(changes)}`);
      assert.equal(verdict(channel, recipient(others)), 'admit', 'the flags of another address do not matter');
    }
  }
});

test('step 6: a person who complained is mailed only if the request says all; a bounced address never is', () => {
  const complained = recipient({ emailFlags: { ...noFlags, markedSpamAt: now } });
  const bounced = recipient({ emailFlags: { ...noFlags, hardBouncedAt: now, markedSpamAt: now } });
  for (const requiredState of requiredStates) {
    assert.equal(verdict('email', complained, { requiredState }), requiredState === 'all' ? 'admit' : 'marked_spam');
    assert.equal(verdict('email', bounced, { requiredState }), 'hard_bounced');
  }
});

test('step 6: of the people of a broadcast who share an address, only one gets the message', () => {
  const turns: [AddressTurn, string][] = [
    ['own', 'admit'],
    ['taken', 'duplicate_address'],
    ['passed', 'duplicate_address'],
    ['later', 'later'],
  ];
  for (const [turn, expected] of turns) assert.equal(verdict('email', recipient(), { turn }), expected, turn);
  const decision = decide(factsFor('email', recipient(), { turn: 'later' }));
  assert.deepEqual(decision, { kind: 'later', at: new Date(now.getTime() + 1_000) });
});

test('step 7: the global states that each required state admits, for push and email only', () => {
  const table: Record<RequiredState, Record<GlobalState, string>> = {
    opted_in: { opted_in: 'admit', subscribed: 'not_opted_in', unsubscribed: 'unsubscribed' },
    subscribed: { opted_in: 'admit', subscribed: 'admit', unsubscribed: 'unsubscribed' },
    all: { opted_in: 'admit', subscribed: 'admit', unsubscribed: 'admit' },
  };
  const others: GlobalState = 'opted_in';
  for (const requiredState of requiredStates) {
    for (const [state, expected] of Object.entries(table[requiredState]) as [GlobalState, string][]) {
      const byMail = recipient({ person: { emailState: state }, pushState: others });
      const byPush = recipient({ person: { emailState: others }, pushState: state });
      assert.equal(verdict('email', byMail, { requiredState }), expected, `email ${requiredState} ${state}`);
      assert.equal(verdict('email', byPush, { requiredState }), 'admit');
      for (const key of Object.keys(pushChannels) as ChannelKey[]) {
        const pushTargets = onPlatform(key);
        assert.equal(verdict(key, { ...byPush, pushTargets }, { requiredState }), expected, `${key} ${state}`);
        assert.equal(verdict(key, { ...byMail, pushTargets }, { requiredState }), 'admit');
      }
      const nowhere = recipient({ person: { emailState: state }, pushState: state });
      for (const key of ['sms', 'whats_app', 'webhook', 'content_card'] as const)
        assert.equal(verdict(key, nowhere, { requiredState }), 'admit', `${key} has no global state`);
    }
  }
});

test('step 8: only members of the group get SMS and WhatsApp, whatever the request says', () => {
  const table: [groups: Record<string, 'subscribed' | 'unsubscribed'>, verdict: string][] = [
    [{ [GROUP]: 'subscribed' }, 'admit'],
    [{ [GROUP]: 'unsubscribed' }, 'not_in_subscription_group'],
    [{}, 'not_in_subscription_group'],
    [{ other: 'subscribed' }, 'not_in_subscription_group'],
  ];
  for (const [subscriptionGroups, expected] of table) {
    const person = recipient({ person: { subscriptionGroups } });
    for (const requiredState of requiredStates) {
      assert.equal(verdict('sms', person, { requiredState }), expected);
      assert.equal(verdict('whats_app', person, { requiredState }), expected);
      assert.equal(verdict('email', person, { requiredState: 'all' }), 'admit', 'groups do not gate mail');
    }
  }
});
