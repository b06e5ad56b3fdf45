// Which of the people of a broadcast who share an address gets its message: docs/decisions/0011.
import assert from 'node:assert/strict';
import test from 'node:test';
import { dispatchOf, messagesOf, now, recipient, sendOf } from '../../../test/support/send-facts.ts';
import type { ChannelKey } from '../../channels/channel.ts';
import type { Recipient } from '../../people/profile/facts.ts';
import { chooseHolder, sharedSends, turnOf } from './address-turns.ts';
import type { AddressTurn } from './send-facts.ts';

const broadcast = dispatchOf(messagesOf('email', 'sms', 'apple_push', 'webhook'), { isBroadcast: true });
const named = dispatchOf(messagesOf('email'), { id: '00000000-0000-7000-8000-000000000002' });
const sharing = recipient({ sharedEmail: 'ada@acme.test', sharedPhone: '+14155550100' });

test('only sends of a broadcast to an address that somebody else also has are shared', () => {
  type Row = [what: string, channel: ChannelKey, person: Recipient, address: string | null];
  const table: Row[] = [
    ['an email', 'email', sharing, 'ada@acme.test'],
    ['an SMS', 'sms', sharing, '+14155550100'],
    ['nobody shares devices', 'apple_push', sharing, null],
    ['a webhook goes to no address', 'webhook', sharing, null],
    ['nobody else has this address', 'email', recipient({ sharedPhone: '+14155550100' }), null],
  ];
  const dispatches = new Map([broadcast, named].map((one) => [one.id, one]));
  const shared = (send: ReturnType<typeof sendOf>, person: Recipient) =>
    sharedSends([send], dispatches, {
      recipients: new Map([[1, new Map([[1, person]])]]),
      listed: new Map(),
      askedAtMs: 0,
    });
  for (const [what, channel, person, address] of table) {
    const send = sendOf(broadcast, channel);
    const expected = address === null ? [] : [{ send, dispatch: broadcast, address }];
    assert.deepEqual(shared(send, person), expected, what);
  }
  assert.deepEqual(shared(sendOf(named, 'email'), sharing), [], 'named people all get the message');
  assert.deepEqual(shared(sendOf(broadcast, 'email', { userId: 2 }), sharing), [], 'deleted since');
  assert.deepEqual(shared({ ...sendOf(broadcast, 'email'), dispatchId: 'gone' }, sharing), []);
});

test('the turn depends on who holds the address', () => {
  const table: [userId: number, holder: number | undefined, turn: AddressTurn][] = [
    [5, 5, 'own'],
    [5, undefined, 'own'],
    [5, 3, 'taken'],
    [5, 8, 'passed'],
  ];
  for (const [userId, holder, turn] of table) {
    const send = sendOf(broadcast, 'email', { userId });
    assert.equal(turnOf({ send, dispatch: broadcast, address: 'a' }, holder), turn, `${userId} of ${holder}`);
  }
});

test('the holder is the lowest user id that passes steps 5 to 8, or the lowest of all if nobody passes', () => {
  const fine = recipient();
  const stranger = recipient({ person: { subscriptionGroups: {} } });
  const gone = recipient({ person: { phone: null } });
  const invalid = recipient({
    phoneFlags: { hardBouncedAt: null, markedSpamAt: null, invalidAt: now, suppressedAt: null },
  });
  const unsubscribed = recipient({ person: { emailState: 'unsubscribed' } });
  type Row = [what: string, channel: ChannelKey, people: (Recipient | null)[], holder: number | undefined];
  const table: Row[] = [
    ['all pass', 'sms', [fine, fine], 1],
    ['the first is no member', 'sms', [stranger, fine, fine], 2],
    ['the first has another number now', 'sms', [gone, fine], 2],
    ['the first was deleted', 'sms', [null, stranger, fine], 3],
    ['nobody passes', 'sms', [stranger, gone, invalid], 1],
    ['the first is unsubscribed from email', 'email', [unsubscribed, fine], 2],
    ['the email state does not matter for SMS', 'sms', [unsubscribed, fine], 1],
    ['nobody', 'sms', [], undefined],
  ];
  for (const [what, channel, people, holder] of table) {
    const keys = people.map((_, index) => ({ bucket: 1, userId: index + 1 }));
    const facts = new Map(people.flatMap((one, index) => (one === null ? [] : [[index + 1, one] as const])));
    assert.equal(chooseHolder(keys, facts, { dispatch: broadcast, channel, now })?.userId, holder, what);
  }
});
