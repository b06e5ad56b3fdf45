import assert from 'node:assert/strict';
import test from 'node:test';
import { dispatchOf, messagesOf, now, recipient, workspace } from '../../../test/support/send-facts.ts';
import type { CapFacts } from './caps.ts';
import type { Composed } from './composed.ts';
import { decide } from './decide.ts';
import { type Decision, verdictOf } from './decision.ts';
import { factsOf, type SendFacts } from './send-facts.ts';

const gate = dispatchOf(messagesOf('email')).messages.get('email')?.gate;
assert.ok(gate);
const plain = factsOf(recipient(), gate, 'own', now);

const full: CapFacts = {
  dispatchId: 'd2',
  channel: 'email',
  campaignTags: null,
  timeZone: 'UTC',
  now,
  rules: [{ channel: 'email', maxSends: 1, periodCount: 1, periodUnit: 'days', tag: null }],
  held: [{ dispatchId: 'd1', channel: 'email', campaignId: null, takenAt: now }],
  tagsOf: () => [],
};
const free: CapFacts = { ...full, held: [] };
const aborted: Composed = { kind: 'refuse', status: 'aborted', reason: 'aborted', detail: 'no trips' };
const tooLarge: Composed = { kind: 'refuse', status: 'aborted', reason: 'payload_too_large', detail: '5 KB' };
const expired: Composed = { kind: 'refuse', status: 'expired', reason: 'expired', detail: 'over' };
const postponed: Composed = { kind: 'later', at: new Date(now.getTime() + 1) };
const composed: Composed = { kind: 'composed', rendered: {} };

const said = (decision: Decision) => (decision.kind === 'refuse' ? decision.reason : decision.kind);

test('the first objection wins, in the order of the policy', () => {
  const flags = { hardBouncedAt: now, markedSpamAt: now, invalidAt: null, suppressedAt: now };
  const worst = recipient({
    person: { email: null, emailState: 'unsubscribed' },
    emailFlags: flags,
  });
  let facts: SendFacts = { ...factsOf(worst, gate, 'later', now), caps: full, composed: aborted };
  const mend = (changes: Partial<SendFacts>) => {
    facts = { ...facts, ...changes };
  };
  const mendPerson = (changes: Parameters<typeof recipient>[0]) => mend({ recipient: recipient(changes) });
  const unsubscribed = { person: { emailState: 'unsubscribed' } } as const;

  assert.equal(said(decide({ ...facts, recipient: null })), 'unknown_user');
  assert.equal(said(decide(facts)), 'later');
  mend({ turn: 'taken' });
  assert.equal(said(decide(facts)), 'no_address');
  mend({ address: 'ada@acme.test' });
  assert.equal(said(decide(facts)), 'hard_bounced');
  mendPerson({ ...unsubscribed, emailFlags: { ...flags, hardBouncedAt: null } });
  assert.equal(said(decide(facts)), 'marked_spam');
  mendPerson({ ...unsubscribed, emailFlags: { ...flags, hardBouncedAt: null, markedSpamAt: null } });
  assert.equal(said(decide(facts)), 'suppressed');
  mendPerson(unsubscribed);
  assert.equal(said(decide(facts)), 'duplicate_address');
  mend({ turn: 'passed' });
  assert.equal(said(decide(facts)), 'unsubscribed', 'the reason why it was passed on comes first');
  mendPerson({});
  assert.equal(said(decide(facts)), 'duplicate_address', 'even if that reason is gone');
  mend({ turn: 'own' });
  assert.equal(said(decide(facts)), 'frequency_capped');
  mend({ caps: free });
  assert.equal(said(decide(facts)), 'aborted');
  mend({ composed });
  assert.equal(said(decide(facts)), 'admit');
});

test('the order of SMS: address, flags, turn, group', () => {
  const sms = dispatchOf(messagesOf('sms')).messages.get('sms')?.gate;
  assert.ok(sms);
  const phoneFlags = { hardBouncedAt: null, markedSpamAt: null, invalidAt: now, suppressedAt: now };
  const stranger = { person: { subscriptionGroups: {} } };
  const decided = (person: Parameters<typeof recipient>[0], turn: SendFacts['turn']) =>
    said(decide({ ...factsOf(recipient(person), sms, turn, now), caps: { ...full, channel: 'sms' } }));
  assert.equal(decided({ person: { phone: null, subscriptionGroups: {} }, phoneFlags }, 'taken'), 'no_address');
  assert.equal(decided({ ...stranger, phoneFlags }, 'taken'), 'invalid_phone');
  assert.equal(decided({ ...stranger, phoneFlags: { ...phoneFlags, invalidAt: null } }, 'taken'), 'suppressed');
  assert.equal(decided(stranger, 'taken'), 'duplicate_address');
  assert.equal(decided(stranger, 'passed'), 'not_in_subscription_group');
  assert.equal(decided({}, 'passed'), 'duplicate_address');
});

test('a fact that is not known yet objects to nothing', () => {
  assert.deepEqual(decide(plain), { kind: 'admit' });
  assert.equal(said(decide({ ...plain, composed: aborted })), 'aborted');
  assert.equal(said(decide({ ...plain, caps: full })), 'frequency_capped');
});

test('a message may be aborted, too large, expired or postponed, and a full cap comes before all of them', () => {
  for (const one of [aborted, tooLarge, expired, postponed]) {
    assert.deepEqual(decide({ ...plain, caps: free, composed: one }), one);
    assert.equal(said(decide({ ...plain, caps: full, composed: one })), 'frequency_capped');
  }
});

test('each decision has a verdict', () => {
  assert.deepEqual(verdictOf({ kind: 'admit' }, 'ada@acme.test'), { status: 'sending', address: 'ada@acme.test' });
  assert.deepEqual(verdictOf(expired, 'ada@acme.test'), { status: 'expired', reason: 'expired', detail: 'over' });
  assert.deepEqual(verdictOf(postponed, null), { status: 'pending', dueAt: postponed.at });
  const skipped = decide({ ...plain, caps: full });
  assert.deepEqual(verdictOf(skipped, null), {
    status: 'skipped',
    reason: 'frequency_capped',
    detail:
      '1 of 1 email since 2026-03-15T00:00:00.000Z (1 days), the last by dispatch d1; use override_frequency_capping or a campaign with obeys_caps: false to send all the same',
  });
});

test('a dispatch has the parts of the request that the gates ask about', () => {
  const dispatch = dispatchOf(messagesOf('sms'), { plan: { requiredState: 'all' }, workspace: workspace() });
  const { requiredState, subscriptionGroupId } = dispatch.messages.get('sms')?.gate ?? {};
  assert.deepEqual([requiredState, subscriptionGroupId], ['all', '55555555-5555-4555-8555-555555555555']);
});
