import assert from 'node:assert/strict';
import test from 'node:test';
import { createTurns } from './turns.ts';

test('after so many computations in one turn, everybody else is let in before the next', async () => {
  const turn = createTurns(3);
  let turnsOfOthers = 0;
  let isOver = false;
  const others = (async () => {
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      turnsOfOthers += 1;
    }
  })();
  const seen: number[] = [];
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      await turn();
      seen.push(turnsOfOthers);
    }),
  );
  isOver = true;
  await others;
  const perTurn = [...new Set(seen)].map((at) => seen.filter((other) => other === at).length);
  assert.deepEqual(perTurn, [3, 3, 3, 1]);
});
