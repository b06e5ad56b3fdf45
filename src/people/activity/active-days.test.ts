import assert from 'node:assert/strict';
import test from 'node:test';
import { type ActiveDays, addActiveDays, type DayChange, LATE_DAYS, MONTH_DAYS } from './active-days.ts';

test('however days arrive, each day and each month counts a person once', () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let person = 0; person < 300; person += 1) {
    const changes = new Map<number, DayChange>();
    const active = new Set<number>();
    let known: ActiveDays | null = null;
    for (let today = 20_000; today < 20_200; today += 1 + random(40)) {
      const days = Array.from({ length: random(4) }, () => today - random(LATE_DAYS + 1));
      for (const day of days) active.add(day);
      known = addActiveDays(known, days, changes);
    }
    let month = 0;
    for (let day = 19_960; day < 20_300; day += 1) {
      month += changes.get(day)?.month ?? 0;
      const inMonth = [...active].some((one) => one <= day && one > day - MONTH_DAYS);
      const expected = [active.has(day) ? 1 : 0, inMonth ? 1 : 0];
      assert.deepEqual([changes.get(day)?.people ?? 0, month], expected, `person ${person}, day ${day}`);
    }
  }
});
