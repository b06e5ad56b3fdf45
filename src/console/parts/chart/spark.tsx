const HEIGHT = 24;

/** A line of a few numbers, beside the numbers themselves. `most`: the scale, which all lines of a table share. */
export function Spark({ values, most }: { values: readonly number[]; most: number }) {
  const top = HEIGHT - 2;
  const points = values.map((value, at) => `${at} ${(HEIGHT - 1 - (value / Math.max(1, most)) * top).toFixed(1)}`);
  const last = Math.max(1, values.length - 1);
  return (
    <svg className="spark" viewBox={`0 0 ${last} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path className="a" d={`M0 ${HEIGHT}L${points.join('L')}L${last} ${HEIGHT}Z`} />
      <path d={`M${points.join('L')}`} />
    </svg>
  );
}
