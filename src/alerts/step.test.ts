import assert from 'node:assert/strict';
import test from 'node:test';
import type { Trouble } from '../dispatch/report/console/troubles.ts';
import { type KnownTrouble, step } from './step.ts';

const START = Date.parse('2026-03-15T12:00:00Z');
const PAUSE_MS = 1_800_000;

function trouble(changes: Partial<Trouble> = {}): Trouble {
  const subject = { kind: 'relay', id: 'main', name: 'main' } as const;
  const rest = { detail: 'd', since: null, waiting: null, next_try_at: null };
  return { severity: 'red', subject, title: 'Relay main does not answer', ...rest, ...changes };
}

/** What is told, each with the second, while `isWrong` says what is wrong. It looks every five seconds. */
function tell(seconds: number, wrongAt: (second: number) => readonly Trouble[]): string[] {
  let known: readonly KnownTrouble[] = [];
  const told: string[] = [];
  let ids = 0;
  for (let second = 0; second <= seconds; second += 5) {
    const newId = () => {
      ids += 1;
      return String(ids);
    };
    const next = step(known, wrongAt(second), { now: new Date(START + second * 1_000), pauseMs: PAUSE_MS, newId });
    known = next.known;
    for (const { kind, said, alertId } of next.tellings) told.push(`${second} ${kind} ${alertId} ${said.title}`);
  }
  return told;
}

const title = 'Relay main does not answer';

const rows: readonly {
  what: string;
  seconds: number;
  wrongAt: (second: number) => readonly Trouble[];
  told: string[];
}[] = [
  {
    what: 'that lasts is told once, after a minute',
    seconds: 7_200,
    wrongAt: () => [trouble()],
    told: [`60 began 1 ${title}`],
  },
  { what: 'of less than a minute is not told', seconds: 600, wrongAt: (at) => (at < 55 ? [trouble()] : []), told: [] },
  {
    what: 'that is over is told so a minute later, with the same id',
    seconds: 600,
    wrongAt: (at) => (at <= 100 ? [trouble()] : []),
    told: [`60 began 1 ${title}`, `160 over 1 ${title}`],
  },
  {
    what: 'that is away for moments lasts',
    seconds: 600,
    wrongAt: (at) => (at % 50 < 20 && at < 300 ? [trouble()] : []),
    told: [`60 began 1 ${title}`, `325 over 1 ${title}`],
  },
  {
    what: 'that comes back every five minutes is told once in half an hour',
    seconds: 3_900,
    wrongAt: (at) => (at % 300 < 150 ? [trouble()] : []),
    told: [
      `60 began 1 ${title}`,
      `205 over 1 ${title}`,
      `1860 began 7 ${title}`,
      `2005 over 7 ${title}`,
      `3660 began 13 ${title}`,
      `3805 over 13 ${title}`,
    ],
  },
  {
    what: 'that came back within the pause and stays is told when the pause is over',
    seconds: 2_400,
    wrongAt: (at) => (at <= 100 || at >= 400 ? [trouble()] : []),
    told: [`60 began 1 ${title}`, `160 over 1 ${title}`, `1860 began 2 ${title}`],
  },
  {
    what: 'with another title is the same one',
    seconds: 600,
    wrongAt: (at) => [trouble({ title: at < 300 ? title : 'Relay main does not answer; b sends all mail' })],
    told: [`60 began 1 ${title}`],
  },
  {
    what: 'of a failed dispatch has no end',
    seconds: 90_000,
    wrongAt: (at) =>
      at < 86_400 ? [trouble({ subject: { kind: 'dispatch', id: 'x', name: null }, title: 'A dispatch failed' })] : [],
    told: ['60 began 1 A dispatch failed'],
  },
  {
    what: 'beside another is told apart, unless both are about the same',
    seconds: 100,
    wrongAt: () => [
      trouble(),
      trouble({ subject: { kind: 'workers', id: null, name: null }, title: 'No worker runs' }),
      trouble({ subject: { kind: 'workers', id: null, name: null }, title: 'No worker runs', detail: 'e' }),
    ],
    told: [`60 began 1 ${title}`, '60 began 2 No worker runs'],
  },
];
for (const { what, seconds, wrongAt, told } of rows)
  test(`a trouble ${what}`, () => {
    assert.deepEqual(tell(seconds, wrongAt), told);
  });
