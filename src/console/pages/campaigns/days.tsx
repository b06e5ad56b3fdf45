import { Chart } from '../../parts/chart/chart.tsx';
import type { Line } from '../../parts/chart/lines.ts';
import { type Day, type DayNumbers, numbersOf } from './statistics.ts';

/** What was sent and what came of it, day by day: people and machines apart. */
export function Days({ days }: { days: readonly Day[] }) {
  const numbers = days.map(numbersOf);
  const times = numbers.map(({ time }) => time);
  const sent = linesOf(numbers, [
    ['Messages', ({ sent: many }) => many],
    ['People', ({ people }) => people],
  ]);
  const people = linesOf(numbers, [
    ['Opened', ({ opened }) => opened],
    ['Clicked', ({ clicked }) => clicked],
  ]);
  const machines = linesOf(numbers, [
    ['Opened', ({ machineOpens }) => machineOpens],
    ['Clicked', ({ machineClicks }) => machineClicks],
  ]);
  const isBusy = (lines: readonly Line[]) => lines.some(({ values }) => values.some((value) => value !== 0));
  return (
    <>
      {isBusy(sent) ? (
        <Chart title="Sent" note="people once for each dispatch" days={times} lines={sent} />
      ) : (
        <p className="mut2">Nothing was sent in these days.</p>
      )}
      {isBusy(people) && <Chart title="Opened and clicked by people" days={times} lines={people} />}
      {isBusy(machines) && (
        <Chart title="Opened and clicked by machines" note="in no number above" days={times} lines={machines} />
      )}
    </>
  );
}

/** A line that nobody tells of on any day is left out. */
function linesOf(
  numbers: readonly DayNumbers[],
  named: readonly (readonly [name: string, read: (day: DayNumbers) => number | null])[],
): Line[] {
  return named
    .filter(([, read]) => numbers.some((day) => read(day) !== null))
    .map(([name, read]) => ({ name, values: numbers.map((day) => read(day) ?? 0) }));
}
