import assert from 'node:assert/strict';
import test from 'node:test';
import { compare, type Glance, type Glanced } from './glance.ts';

const at = new Date('2026-03-15T12:00:00Z');
const ago = (seconds: number) => new Date(at.getTime() - seconds * 1_000).toISOString();
const sending: Glanced = { state: 'sending', known: 'x', counted: null };
/** A count that took a second is worth fifty seconds. */
const counted = (secondsAgo: number): Glanced => ({ ...sending, counted: { at: ago(secondsAgo), tookMs: 1_000 } });

function seen(one?: Glanced): Glance {
  return { dispatches: new Map(one === undefined ? [] : [['d', one]]), newestRequest: null, newestInOutbox: null };
}

const cases: [
  what: string,
  before: Glanced | undefined,
  now: Glanced | undefined,
  named: string,
  listIsOther: boolean,
][] = [
  ['nothing changed', { ...sending, state: 'paused' }, { ...sending, state: 'paused' }, 'never', false],
  ['it is new', undefined, { ...sending, state: 'accepted' }, 'always', true],
  ['its row changed', { ...sending, state: 'paused' }, { ...sending, state: 'paused', known: 'y' }, 'always', true],
  ['it has ended', sending, undefined, 'always', true],
  ['it sends', sending, sending, 'at pulses', false],
  ['it sends to many, and its counts are fresh', counted(40), counted(40), 'never', false],
  ['it sends to many, and its counts are old', counted(60), counted(60), 'at pulses', false],
  ['it was counted anew', counted(60), counted(0), 'always', false],
  ['it was counted for the first time', sending, counted(0), 'always', false],
];

for (const [what, before, now, named, listIsOther] of cases)
  test(`a dispatch is named ${named} if ${what}`, () => {
    for (const isPulse of [true, false]) {
      const { dispatches, isListOther } = compare(seen(before), seen(now), { isPulse, at });
      const isNamed = named === 'always' || (named === 'at pulses' && isPulse);
      assert.deepEqual([dispatches, isListOther], [isNamed ? ['d'] : [], listIsOther]);
    }
  });
