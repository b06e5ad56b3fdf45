// From facts to decisions, in the order that the sender and the dry run share: gates, message, slots.
import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { dispatchOf, messagesOf, now, recipient, sendOf as send, workspace } from '../../../test/support/send-facts.ts';
import type { ChannelKey } from '../../channels/channel.ts';
import type { Recipient } from '../../people/profile/facts.ts';
import type { Campaign, FrequencyCap } from '../../workspace/catalog.ts';
import type { CapSlot } from '../ledger/person/slots.ts';
import type { PendingSend } from '../ledger/send.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import { type Candidate, candidateFor, decideAll, renderedOf } from './candidates.ts';
import { CapSlots, isUnderCaps } from './cap-slots.ts';
import { composeAll } from './compose-all.ts';
import type { Decision } from './decision.ts';
import { noTrackers } from './trackers.ts';

const day = (channel: FrequencyCap['channel'], maxSends: number): FrequencyCap => {
  return { channel, maxSends, periodCount: 1, periodUnit: 'days', tag: null };
};
const aborting = { ...messagesOf('email').email, body: '{% abort_message("no trips") %}' };
const noLinks = () => {
  throw new Error('no links are needed');
};

const composing = { links: noLinks, trackers: noTrackers, mostMs: 60_000 };
const id = (n: number) => `00000000-0000-7000-8000-00000000000${n}`;
const said = (decision: Decision) => (decision.kind === 'refuse' ? decision.reason : decision.kind);

function candidate(dispatch: LoadedDispatch, channel: ChannelKey, changes: Partial<PendingSend> = {}): Candidate {
  return candidateFor(send(dispatch, channel, changes), dispatch, { recipient: recipient(), turn: 'own', now });
}

/** Decides these sends in order. Returns the decisions and the slots. */
async function decideThem(
  candidates: Candidate[],
  held: CapSlot[] = [],
): Promise<{ decided: string[]; slots: CapSlots }> {
  await composeAll(candidates, composing); // which pauses on a slow machine
  const slots = new CapSlots(new Map([[1, held]]), now);
  return { decided: decideAll(candidates, slots).map(({ decision }) => said(decision)), slots };
}

const taken = ({ taken: of }: CapSlots) => of.map(({ slot }) => `${slot.dispatchId.slice(-1)} ${slot.channel}`);

test('a send that the gates refuse gets no message and no slot', async () => {
  const capped = workspace({ frequencyCaps: [day('email', 1)] });
  const dispatch = dispatchOf(messagesOf('email'), { workspace: capped });
  const unreachable = recipient({ person: { email: null } });
  const refused = candidateFor(send(dispatch, 'email'), dispatch, { recipient: unreachable, turn: 'own', now });
  const gone = candidateFor(send(dispatch, 'email'), dispatch, { recipient: null, turn: 'own', now });
  const { decided, slots } = await decideThem([refused, gone]);
  assert.deepEqual([decided, taken(slots)], [['no_address', 'unknown_user'], []]);
  assert.deepEqual([refused.facts.composed, gone.facts.composed], [null, null]);
  assert.throws(() => renderedOf(refused), /not composed/);
});

test('an admitted send has a rendered message', async () => {
  const dispatch = dispatchOf({ webhook: { ...messagesOf('webhook').webhook, body: 'Hi {{${first_name}}}' } });
  const one = candidate(dispatch, 'webhook');
  assert.equal(composeAll([one], composing), null, 'nothing waits');
  const [decided] = decideAll([one], null);
  assert.deepEqual(decided?.decision, { kind: 'admit' });
  assert.equal((renderedOf(one) as { body: string }).body, 'Hi Ada');
});

test('a message that aborts takes no slot; a refusal by the caps is reported whatever the message is', async () => {
  const capped = workspace({ frequencyCaps: [day('email', 1)] });
  const [one, two, three] = [1, 2, 3].map((n) =>
    dispatchOf(n === 2 ? messagesOf('email') : { email: aborting }, { id: id(n), workspace: capped }),
  );
  assert.ok(one && two && three);
  const { decided, slots } = await decideThem([one, two, three].map((dispatch) => candidate(dispatch, 'email')));
  assert.deepEqual(decided, ['aborted', 'admit', 'frequency_capped']);
  assert.deepEqual(taken(slots), ['2 email']);
});

test('4.4: of several dispatches that are decided together, the first ones take the last slots', async () => {
  const capped = workspace({ frequencyCaps: [day('any', 2)] });
  const dispatches = [1, 2, 3].map((n) => dispatchOf(messagesOf('email', 'sms'), { id: id(n), workspace: capped }));
  const candidates = dispatches.flatMap((dispatch) => [candidate(dispatch, 'email'), candidate(dispatch, 'sms')]);
  const { decided, slots } = await decideThem(candidates);
  assert.deepEqual(decided, ['admit', 'admit', 'admit', 'admit', 'frequency_capped', 'frequency_capped']);
  assert.deepEqual(taken(slots), ['1 email', '1 sms', '2 email', '2 sms'], 'a multi-channel dispatch is one for any');
});

test('4.4: each channel is decided alone: one may be capped while others go out', async () => {
  const capped = workspace({ frequencyCaps: [day('email', 1)] });
  const held = [{ dispatchId: id(9), channel: 'email', campaignId: null, takenAt: now } as const];
  const dispatch = dispatchOf(messagesOf('email', 'sms', 'content_card'), { workspace: capped });
  const candidates = (['email', 'sms', 'content_card'] as const).map((channel) => candidate(dispatch, channel));
  const { decided, slots } = await decideThem(candidates, held);
  assert.deepEqual(decided, ['frequency_capped', 'admit', 'admit']);
  assert.deepEqual(taken(slots), ['1 sms'], 'content cards are never counted');
});

test('4.2: which sends obey the caps, and which count', async () => {
  const campaign = {
    id: 'c',
    name: 'C',
    kind: 'api',
    archived: false,
    tags: ['promo'],
    variations: new Map(),
  } as const;
  const campaigns = new Map<string, Campaign>([['c', { ...campaign, obeysCaps: false, countsTowardCaps: true }]]);
  const capped = workspace({ frequencyCaps: [day('email', 1)], campaigns });
  type Row = [what: string, obeysCaps: boolean, countsTowardCaps: boolean, decided: string, taken: string[]];
  const table: Row[] = [
    ['as usual', true, true, 'frequency_capped', []],
    ['with override', false, false, 'admit', []],
    ['a campaign that ignores caps but counts', false, true, 'admit', ['1 email']],
  ];
  const held = [{ dispatchId: id(9), channel: 'email', campaignId: null, takenAt: now } as const];
  for (const [what, obeysCaps, countsTowardCaps, expected, slotsTaken] of table) {
    const plan = { obeysCaps, countsTowardCaps, campaignId: 'c' };
    const dispatch = dispatchOf(messagesOf('email'), { workspace: capped, plan });
    const { decided, slots } = await decideThem([candidate(dispatch, 'email')], held);
    assert.deepEqual([decided, taken(slots)], [[expected], slotsTaken], what);
    assert.ok(slots.taken.every(({ slot }) => slot.campaignId === 'c' && slot.takenAt === now));
    assert.equal(isUnderCaps(send(dispatch, 'email'), dispatch), countsTowardCaps);
  }
  const uncapped = dispatchOf(messagesOf('email', 'content_card'));
  assert.equal(isUnderCaps(send(uncapped, 'email'), uncapped), false, 'no rules, no slots');
  const cards = dispatchOf(messagesOf('content_card'), { workspace: capped });
  assert.equal(isUnderCaps(send(cards, 'content_card'), cards), false);
});

test('4.2: a retried send keeps its slot', async () => {
  const capped = workspace({ frequencyCaps: [day('email', 1)] });
  const dispatch = dispatchOf(messagesOf('email'), { workspace: capped });
  const own: CapSlot = { dispatchId: dispatch.id, channel: 'email', campaignId: null, takenAt: now };
  const again = candidate(dispatch, 'email', { attempts: 1 });
  const others: CapSlot[] = Array.from({ length: 3 }, (_, n) => ({ ...own, dispatchId: id(n + 5) }));
  const { decided, slots } = await decideThem([again], [own, ...others]);
  assert.deepEqual([decided, taken(slots), slots.holds(again.send)], [['admit'], [], true]);
  const without = await decideThem([candidate(dispatch, 'email', { attempts: 1 })], others);
  assert.deepEqual(without.decided, ['frequency_capped']);
});

test('the day of a cap is the person’s, else the workspace’s', async () => {
  const capped = workspace({ frequencyCaps: [day('email', 1)], timeZone: 'America/New_York' });
  const dispatch = dispatchOf(messagesOf('email'), { workspace: capped });
  const slots = new CapSlots(new Map(), now);
  const zoneFor = (person: Recipient) => slots.factsFor(send(dispatch, 'email'), dispatch, person)?.timeZone;
  assert.equal(zoneFor(recipient()), 'America/New_York');
  assert.equal(zoneFor(recipient({ person: { timeZone: 'Asia/Tokyo' } })), 'Asia/Tokyo');
});

test('a message that waits delays only its own chunk, and only once', async () => {
  const dispatch = dispatchOf(messagesOf('webhook', 'content_card'));
  const waits = candidate(dispatch, 'webhook');
  const other = candidate(dispatch, 'content_card');
  const texts = waits.message.renderTexts;
  let arrive: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  waits.message = { ...waits.message, renderTexts: (context) => arrived.then(() => texts(context)) };
  const waiting = composeAll([waits, other], composing);
  assert.ok(waiting !== null);
  while (other.facts.composed == null) await setImmediate(); // on a slow machine it pauses before
  assert.deepEqual([waits.facts.composed, other.facts.composed.kind], [null, 'composed']);
  arrive();
  await waiting;
  assert.deepEqual(
    decideAll([waits, other], null).map(({ decision }) => said(decision)),
    ['admit', 'admit'],
  );
});
