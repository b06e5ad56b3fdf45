// Frequency capping, eligibility.md §4, row by row.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { ChannelKey } from '../../channels/channel.ts';
import type { FrequencyCap } from '../../workspace/catalog.ts';
import type { CapSlot } from '../ledger/person/slots.ts';
import { type CapFacts, capChannelOf, reachedCap } from './caps.ts';

const now = new Date('2026-03-18T12:00:00Z'); // a Wednesday

function rule(channel: FrequencyCap['channel'], maxSends: number, changes: Partial<FrequencyCap> = {}): FrequencyCap {
  return { channel, maxSends, periodCount: 1, periodUnit: 'days', tag: null, ...changes };
}

let dispatches = 0;

/** The slots of a new dispatch: one for each of its channels. */
function sent(channels: ChannelKey | ChannelKey[], takenAt: string | Date = now, campaignId: string | null = null) {
  dispatches += 1;
  const dispatchId = `earlier-${dispatches}`;
  return [channels].flat().map((channel): CapSlot => ({ dispatchId, channel, campaignId, takenAt: new Date(takenAt) }));
}

function capped(
  channel: ChannelKey,
  rules: readonly FrequencyCap[],
  held: readonly CapSlot[],
  changes: Partial<CapFacts> = {},
): boolean {
  const tagsOf = () => [];
  const facts = { dispatchId: 'this', channel, campaignTags: null, timeZone: 'UTC', now, rules, held, tagsOf };
  return reachedCap({ ...facts, ...changes }) !== null;
}

test('4.5: the examples with R1 (push, 1 a day), R2 (email, 1 a day) and R3 (any, 2 a day)', () => {
  const rules = [rule('push', 1), rule('email', 1), rule('any', 2)];
  const first = sent(['apple_push', 'email']);
  const table: [held: CapSlot[], channel: ChannelKey, isCapped: boolean][] = [
    [[], 'apple_push', false],
    [[], 'email', false],
    [first, 'apple_push', true], // R1
    [first, 'android_push', true], // push is one family
    [first, 'email', true], // R2
    [first, 'sms', false],
    [[...first, ...sent('sms')], 'webhook', true], // R3
    [[...first, ...sent('sms')], 'content_card', false],
    [sent('apple_push', '2026-03-17T23:50:00Z'), 'apple_push', false], // yesterday
    [sent('apple_push'), 'email', false], // the email of that dispatch aborted
  ];
  for (const [held, channel, expected] of table)
    assert.equal(capped(channel, rules, held), expected, `${channel} after ${JSON.stringify(held)}`);
});

test('4.1: a rule applies to its channel; push to every platform, any to all, and none to content cards', () => {
  const families: Record<ChannelKey, FrequencyCap['channel'] | null> = {
    android_push: 'push',
    apple_push: 'push',
    kindle_push: 'push',
    web_push: 'push',
    email: 'email',
    sms: 'sms',
    whats_app: 'whats_app',
    webhook: 'webhook',
    content_card: null,
  };
  const channels = Object.keys(families) as ChannelKey[];
  for (const channel of channels) {
    assert.equal(capChannelOf(channel), families[channel]);
    for (const earlier of channels) {
      const [one, other] = [families[channel], families[earlier]];
      const what = `${channel} after ${earlier}`;
      assert.equal(capped(channel, [rule('any', 1)], sent(earlier)), one !== null && other !== null, what);
      if (one === null) continue;
      assert.equal(capped(channel, [rule(one, 1)], sent(earlier)), one === other, what);
      assert.equal(capped(channel, [rule(other ?? 'any', 1)], sent(channel)), other === null || one === other, what);
    }
  }
});

test('4.1: all rules must hold, so the strictest wins', () => {
  const rules = [rule('email', 5), rule('any', 3), rule('email', 2, { periodUnit: 'weeks' })];
  const days = (...of: number[]) => of.flatMap((day) => sent('email', `2026-03-${day}T09:00:00Z`));
  assert.equal(capped('email', rules, days(18)), false);
  assert.equal(capped('email', rules, days(18, 17)), true, 'two a week');
  assert.equal(capped('email', rules, days(11, 10)), false, 'the week before');
  assert.equal(capped('sms', rules, days(18, 17)), false);
  assert.equal(capped('sms', rules, [...days(18), ...sent('sms'), ...sent('webhook')]), true, 'three of any');
  assert.equal(capped('email', [], days(18, 18, 18)), false, 'no rule, no cap');
});

test('4.2: a dispatch counts once for each rule, however many channels and devices, and never against itself', () => {
  const both = sent(['apple_push', 'android_push', 'email']);
  assert.equal(capped('sms', [rule('any', 2)], both), false, 'once in total for any');
  assert.equal(capped('web_push', [rule('push', 2)], both), false, 'once for push together');
  assert.equal(capped('sms', [rule('any', 1)], both), true);
  const own = { dispatchId: both[0]?.dispatchId ?? '' };
  assert.equal(capped('sms', [rule('any', 1)], both, own), false, 'a further channel of the same dispatch');
  assert.equal(
    capped('sms', [rule('any', 1)], [...both, ...sent('email')], own),
    true,
    'another dispatch has the slot',
  );
});

test('4.3: days and weeks are calendar days of the person; minutes and hours roll', () => {
  const [day, week] = [rule('email', 1), rule('email', 1, { periodUnit: 'weeks' })];
  const days3 = rule('email', 1, { periodCount: 3 });
  const minutes = rule('email', 1, { periodUnit: 'minutes', periodCount: 30 });
  const hours = rule('email', 1, { periodUnit: 'hours', periodCount: 24 });
  type Row = [rule: FrequencyCap, takenAt: string, now: string, timeZone: string, isCapped: boolean];
  const table: Row[] = [
    [day, '2026-03-17T23:50:00Z', '2026-03-18T00:10:00Z', 'UTC', false],
    [day, '2026-03-18T00:00:00Z', '2026-03-18T23:59:59Z', 'UTC', true],
    [day, '2026-03-18T03:50:00Z', '2026-03-18T04:10:00Z', 'America/New_York', false], // 23:50 and 00:10 there
    [day, '2026-03-18T03:50:00Z', '2026-03-18T04:10:00Z', 'UTC', true],
    [days3, '2026-03-16T00:00:00Z', '2026-03-18T23:00:00Z', 'UTC', true], // today and the two days before
    [days3, '2026-03-15T23:59:59Z', '2026-03-18T23:00:00Z', 'UTC', false],
    [week, '2026-03-12T00:00:00Z', '2026-03-18T12:00:00Z', 'UTC', true],
    [week, '2026-03-11T23:59:59Z', '2026-03-18T12:00:00Z', 'UTC', false],
    [minutes, '2026-03-18T11:30:00Z', '2026-03-18T12:00:00Z', 'UTC', true],
    [minutes, '2026-03-18T11:29:59Z', '2026-03-18T12:00:00Z', 'UTC', false],
    [hours, '2026-03-17T12:00:00Z', '2026-03-18T12:00:00Z', 'UTC', true],
    [hours, '2026-03-17T11:59:59Z', '2026-03-18T12:00:00Z', 'UTC', false],
    // The day of 23 hours on which New York puts its clocks forward: it begins at 05:00 UTC, the next at 04:00.
    [day, '2026-03-08T05:00:00Z', '2026-03-09T03:59:59Z', 'America/New_York', true],
    [day, '2026-03-08T05:00:00Z', '2026-03-09T04:00:00Z', 'America/New_York', false],
    [day, '2026-03-08T04:59:59Z', '2026-03-09T03:59:59Z', 'America/New_York', false],
  ];
  for (const [only, takenAt, at, timeZone, expected] of table) {
    const facts = { now: new Date(at), timeZone };
    assert.equal(capped('email', [only], sent('email', takenAt), facts), expected, `${takenAt} ${at} ${timeZone}`);
  }
});

test('4.2, 4.5: tag rules use the tags that campaigns carry now', () => {
  const promo = rule('push', 1, { periodUnit: 'weeks', tag: 'promo' });
  const held = sent('apple_push', '2026-03-16T09:00:00Z', 'a'); // on Monday
  type Row = [what: string, campaignTags: string[] | null, tagsOfA: string[], isCapped: boolean];
  const table: Row[] = [
    ['nothing changed', ['promo'], ['promo'], true],
    ['the tag was removed from A', ['promo'], [], false],
    ['the tag was added to A since', ['promo'], ['other', 'promo'], true],
    ['B has no campaign', null, ['promo'], false],
    ['B does not carry the tag', ['other'], ['promo'], false],
    ['B carries a tag nested under it', ['promo/spring'], ['promo'], true],
    ['A carries a tag nested under it', ['promo'], ['promo/spring/day'], true],
    ['B carries a tag that only begins alike', ['promotion'], ['promo'], false],
    ['A carries a tag that only begins alike', ['promo'], ['promotion'], false],
  ];
  for (const [what, campaignTags, tagsOfA, expected] of table) {
    const tagsOf = (id: string) => (id === 'a' ? tagsOfA : []);
    assert.equal(capped('web_push', [promo], held, { campaignTags, tagsOf }), expected, what);
  }
  const tagsOf = () => ['promo'];
  const uncampaigned = sent('apple_push');
  assert.equal(capped('web_push', [promo], uncampaigned, { campaignTags: ['promo'], tagsOf }), false);
  assert.equal(capped('web_push', [rule('push', 1)], uncampaigned), true, 'it counts for rules without a tag');
});

test('4.2: tag rules count exactly, even beyond a hundred', () => {
  const many = Array.from({ length: 150 }, () => sent('email', now, 'a')).flat();
  const facts = { campaignTags: ['promo'], tagsOf: () => ['promo'] };
  assert.equal(capped('email', [rule('email', 151, { tag: 'promo' })], many, facts), false);
  assert.equal(capped('email', [rule('email', 150, { tag: 'promo' })], many, facts), true);
});
