import assert from 'node:assert/strict';
import test from 'node:test';
import { dispatchOf, messagesOf, recipient, workspace } from '../../../test/support/send-facts.ts';
import type { LoadedDispatch } from '../plan/loaded-dispatch.ts';
import type { Schedule } from '../plan/schedule.ts';
import { candidateFor } from './candidates.ts';
import { ownTimeOf } from './own-time.ts';

const SEND = { bucket: 1, dispatchId: 'd', userId: 1, channel: 'webhook', taskId: 1, attempts: 0 } as const;

function scheduled(schedule: Schedule | null, replayedAt: string | null = null): LoadedDispatch {
  const dispatch = dispatchOf(messagesOf('webhook'), { workspace: workspace({ timeZone: 'Asia/Tokyo' }) });
  const filter = { statuses: ['expired' as const], channels: null, codes: null };
  const replay = replayedAt === null ? null : { filter, at: new Date(replayedAt) };
  return { ...dispatch, schedule, replay };
}

const local: Schedule = { kind: 'local', time: '2027-03-28T02:30:00.000Z' };
const optimal: Schedule = { kind: 'optimal', time: '2027-03-28T00:00:00.000Z' };
const stored = new Date('2027-03-28T11:00:00.000Z');

for (const [what, schedule, zone, send, at] of [
  ['the clock of the zone', local, 'Europe/Vienna', {}, '2027-03-28T01:30:00.000Z'],
  ['that of the workspace without a zone', local, null, {}, '2027-03-27T17:30:00.000Z'],
  ['that of the workspace with one that is unknown', local, 'Mars/Base', {}, '2027-03-27T17:30:00.000Z'],
  ['what was stored', optimal, 'Europe/Vienna', { scheduledAt: stored }, stored.toISOString()],
  ['what was stored, for one instant', { ...optimal, kind: 'at' }, null, { scheduledAt: stored }, stored.toISOString()],
  ['none for one instant', { ...optimal, kind: 'at' }, null, {}, undefined],
  ['none without a schedule', null, 'Europe/Vienna', {}, undefined],
] as const) {
  test(`a person's time is ${what}`, () => {
    const time = ownTimeOf({ ...SEND, ...send }, scheduled(schedule), recipient({ person: { timeZone: zone } }));
    assert.equal(time?.at.toISOString(), at);
  });
}

for (const [now, attempts, replayedAt, expected] of [
  ['2027-03-28T01:29:59Z', 0, null, 'later 2027-03-28T01:30:00.000Z'],
  ['2027-03-28T01:30:00Z', 0, null, 'admit'],
  ['2027-03-28T02:30:00Z', 0, null, 'admit'],
  ['2027-03-28T02:30:01Z', 0, null, 'expired'],
  ['2027-03-28T09:00:00Z', 1, null, 'admit'], // a retry
  ['2027-03-28T09:00:00Z', 0, '2027-03-28T08:00:00Z', 'admit'],
  ['2027-03-28T09:00:00Z', 0, '2027-03-27T08:00:00Z', 'expired'], // it was replayed before its time
] as const) {
  test(`at ${now}, after ${attempts} attempts${replayedAt === null ? '' : ` and a replay at ${replayedAt}`}: ${expected}`, () => {
    const facts = {
      recipient: recipient({ person: { timeZone: 'Europe/Vienna' } }),
      turn: 'own',
      now: new Date(now),
    } as const;
    const { soFar } = candidateFor({ ...SEND, attempts }, scheduled(local, replayedAt), facts);
    const said = soFar.kind === 'later' ? `later ${soFar.at.toISOString()}` : soFar.kind;
    assert.equal(soFar.kind === 'refuse' ? soFar.status : said, expected);
  });
}

test('who has left the audience by then is skipped', () => {
  const facts = { recipient: recipient(), turn: 'own', leaving: 'not_in_audience', now: new Date(local.time) } as const;
  const { soFar } = candidateFor(SEND, scheduled(null), facts);
  assert.deepEqual(soFar, { kind: 'refuse', status: 'skipped', reason: 'not_in_audience', detail: null });
});
